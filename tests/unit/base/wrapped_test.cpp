#include "base/wrapped.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(Wrapped, HasLinesThatFit) {
  EXPECT_EQ(wrapped("a few words", 4), "    a few words\n");
  const std::string word(50, 'x');
  EXPECT_EQ(wrapped(word + " " + word, 2), "  " + word + "\n  " + word + "\n");
  const std::string fits(k_text_columns - 4, 'x');
  EXPECT_EQ(wrapped("y " + fits, 2), "  y " + fits + "\n");
}

TEST(Wrapped, LeavesAWordThatIsTooLong) {
  const std::string word(200, 'x');
  EXPECT_EQ(wrapped("a " + word + " b", 0), "a\n" + word + "\nb\n");
}

}  // namespace
}  // namespace cni_matrix
