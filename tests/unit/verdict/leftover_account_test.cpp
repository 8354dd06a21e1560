#include "verdict/leftover_account.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::verdict {
namespace {

using node::LeakClass;
using testing::HasSubstr;

TEST(LeftoverAccount, SaysNothingWhereWhatIsLeftIsWhatHasToBe) {
  LeftoverAccount account;
  account.require({LeakClass::lease}, "F16");
  const auto finding = account.check({LeakClass::lease});
  EXPECT_EQ(finding.missing, "");
  EXPECT_EQ(finding.unexplained, "");
}

TEST(LeftoverAccount, NamesWhatIsNotLeftAndWhoSaysSo) {
  LeftoverAccount account;
  account.require({LeakClass::lease, LeakClass::nat_rule}, "F16");
  account.require({LeakClass::netns}, "");
  EXPECT_THAT(account.check({LeakClass::nat_rule}).missing,
              testing::AllOf(HasSubstr("F16"), HasSubstr("netns, lease")));
}

TEST(LeftoverAccount, TakesWhatMayBeLeftEitherWay) {
  LeftoverAccount account;
  account.require({LeakClass::lease}, "F16");
  account.allow(LeakClass::lease);
  account.allow(std::vector{LeakClass::nat_rule});
  for (const Leaks& left : {Leaks{}, Leaks{LeakClass::lease, LeakClass::nat_rule}}) {
    EXPECT_EQ(account.check(left).missing, "");
    EXPECT_EQ(account.check(left).unexplained, "");
  }
  EXPECT_THAT(account.check({LeakClass::netns}).unexplained, HasSubstr("netns"));
  account.allow_all();
  EXPECT_EQ(account.check({LeakClass::netns}).unexplained, "");
}

TEST(LeftoverAccount, ExplainsSecondaryClassesByAPrimaryOneAlone) {
  EXPECT_THAT(LeftoverAccount().check({LeakClass::route}).unexplained, HasSubstr("route"));
  LeftoverAccount account;
  account.require({LeakClass::veth}, "F16");
  EXPECT_EQ(account.check({LeakClass::veth, LeakClass::route}).unexplained, "");
}

}  // namespace
}  // namespace cni_matrix::verdict
