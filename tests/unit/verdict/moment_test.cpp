#include "verdict/moment.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::verdict {
namespace {

using testing::ElementsAre;

Observation beginning() {
  Observation observation;
  observation.conflist = "mine";  // 10-mine.conflist
  observation.traits = {"bridge", "ipMasq"};
  return observation;
}

scenario::Effect written(const std::string& file, const std::vector<std::string>& traits) {
  scenario::Effect effect;
  effect.config_file = file;
  effect.config_traits = traits;
  if (!traits.empty()) {
    effect.conflist_gone = false;
  }
  return effect;
}

TEST(Moment, KnowsTheConfigurationInForceByTheNamesOfFiles) {
  Moment now(beginning());
  EXPECT_TRUE(now.has_trait("ipMasq"));
  now.take(written("20-later.conflist", {"ptp"}));
  EXPECT_THAT(now.traits(), ElementsAre("bridge", "ipMasq"));
  now.take(written("00-first.conflist", {"macvlan"}));
  EXPECT_THAT(now.traits(), ElementsAre("macvlan"));
  now.take(written("00-first.conflist", {}));  // removed
  EXPECT_THAT(now.traits(), ElementsAre("bridge", "ipMasq"));
}

TEST(Moment, TakesAnotherFileWhereTheCellsOwnIsGone) {
  Moment now(beginning());
  scenario::Effect gone;
  gone.conflist_gone = true;
  now.take(gone);
  EXPECT_TRUE(now.conflist_gone);
  now.take(written("20-broken.conflist", {}));
  EXPECT_TRUE(now.conflist_gone);
  now.take(written("20-new.conflist", {"ptp"}));
  EXPECT_FALSE(now.conflist_gone);
  EXPECT_THAT(now.traits(), ElementsAre("ptp"));
}

TEST(Moment, FollowsEditsOfTheConfiguration) {
  Moment now(beginning());
  scenario::Effect edit;
  edit.traits = std::vector<std::string>{"host-device"};
  now.take(edit);
  EXPECT_THAT(now.traits(), ElementsAre("host-device"));
}

}  // namespace
}  // namespace cni_matrix::verdict
