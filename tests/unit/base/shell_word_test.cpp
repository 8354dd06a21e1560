#include "base/shell_word.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(ShellWord, IsQuotedWhereItNeedsThat) {
  EXPECT_EQ(shell_word("/etc/cni/net.d/10-x.conflist"), "/etc/cni/net.d/10-x.conflist");
  EXPECT_EQ(shell_word("my net"), "'my net'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$(x)"), "'$(x)'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace cni_matrix
