#include "go/format.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::go {
namespace {

TEST(GoFormat, QuotesAsGo) {
  EXPECT_EQ(quote("a\"b\\\n\x01\xff\u00e9"), "\"a\\\"b\\\\\\n\\x01\\xff\u00e9\"");
}

TEST(GoFormat, SprintfWithoutOperandsMarksVerbs) {
  EXPECT_EQ(sprintf_without_operands("100% of '%' and %%"), "100%!o(MISSING)f '%!'(MISSING) and %");
}

}  // namespace
}  // namespace cni_matrix::go
