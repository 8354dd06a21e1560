#include "go/json_print.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::go {
namespace {

TEST(GoJsonPrint, Escapes) {
  EXPECT_EQ(marshal(Value::of("<&>\u2028")), R"("\u003c\u0026\u003e\u2028")");
}

}  // namespace
}  // namespace cni_matrix::go
