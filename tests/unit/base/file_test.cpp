#include "base/file.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(File, IsReplacedWhole) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "f";
  value_or_throw(write_file_atomic(file, "one"));
  value_or_throw(write_file_atomic(file, "two"));
  EXPECT_EQ(value_or_throw(read_file(file)), "two");
  EXPECT_FALSE(read_file(file, 2));
  EXPECT_FALSE(write_file_atomic(directory.path() / "no" / "f", "x"));
}

}  // namespace
}  // namespace cni_matrix
