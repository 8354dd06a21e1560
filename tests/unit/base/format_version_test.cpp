#include "base/format_version.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(FormatVersion, IsOneWhereNoneIsSaid) {
  EXPECT_TRUE(check_format(Json::object(), 1, "scenario", "a.json"));
  EXPECT_TRUE(check_format({{"format", 1}}, 1, "scenario", "a.json"));
  EXPECT_TRUE(check_format({{"format", 1}}, 2, "scenario", "a.json"));
}

TEST(FormatVersion, RefusesANewerOneInOneSentence) {
  const auto refused = check_format({{"format", 3}, {"new-key", 1}}, 2, "scenario", "a.json");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  EXPECT_EQ(
      refused.error().message,
      "a.json: at /format: a scenario of format 3, and this cni-matrix reads formats up to 2; "
      "install a newer one");
}

}  // namespace
}  // namespace cni_matrix
