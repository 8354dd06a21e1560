#include "recording.hpp"

#include <functional>

namespace cni_matrix::trace {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TraceRules, PrevResultOnAdd) {
  Recording seen;
  seen.call("bridge", "ADD");
  auto without = seen;
  without.call("portmap", "ADD");
  EXPECT_THAT(violations("prev-result-on-add", without.trace, {}),
              says("portmap ADD", "no prevResult"));
  seen.call("portmap", "ADD", k_previous);
  EXPECT_THAT(violations("prev-result-on-add", seen.trace, {}), IsEmpty());
  Recording first;
  first.call("bridge", "ADD", k_previous);
  EXPECT_THAT(violations("prev-result-on-add", first.trace, {}), says("bridge ADD", "the first"));
}

TEST(TraceRules, PrevResultOnDel) {
  Recording seen;
  seen.call("bridge", "ADD");
  seen.call("portmap", "ADD", k_previous);
  auto without = seen;
  without.call("portmap", "DEL");
  without.call("bridge", "DEL", k_previous);
  EXPECT_THAT(violations("prev-result-on-del", without.trace, facts()),
              says("portmap DEL", "1.0.0"));
  auto old = seen;
  old.call("portmap", "DEL", {{"cniVersion", "0.3.1"}});
  old.call("bridge", "DEL", {{"cniVersion", ""}});
  EXPECT_THAT(violations("prev-result-on-del", old.trace, facts()), IsEmpty());
  // As long as DEL fails, the result stays.
  seen.call("portmap", "DEL", k_previous).exit_code = 1;
  seen.call("portmap", "DEL");
  EXPECT_THAT(violations("prev-result-on-del", seen.trace, facts()), SizeIs(1));
}

TEST(TraceRules, PrevResultOnDelNeedsAResult) {
  const auto after = [](const std::function<void(Recording&)>& add, const TraceFacts& known) {
    Recording seen;
    add(seen);
    seen.call("portmap", "DEL");
    seen.call("bridge", "DEL");
    return violations("prev-result-on-del", seen.trace, known);
  };
  const auto bridge = [](Recording& seen) { seen.call("bridge", "ADD"); };
  EXPECT_THAT(after(bridge, {}), SizeIs(2));
  EXPECT_THAT(after(bridge, facts()), IsEmpty());  // the list has one more plugin: ADD failed
  TraceFacts old;
  old.highest_result = "0.4.0";
  EXPECT_THAT(after(bridge, old), IsEmpty());  // libcni could not read it
  old.highest_result = "1.0.0";
  EXPECT_THAT(after(bridge, old), SizeIs(2));
  EXPECT_THAT(after([](Recording& seen) { seen.call("bridge", "ADD").exit_code = 1; }, {}),
              IsEmpty());
  EXPECT_THAT(after([](Recording& seen) { seen.call("bridge", "ADD").output = "no JSON"; }, {}),
              IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::trace
