#include "recording.hpp"

#include <map>

namespace cni_matrix::trace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TraceRules, AddHasDel) {
  Recording seen;
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("add-has-del", seen.trace, {}), says("bridge ADD", "no DEL"));
  auto failed = seen;
  failed.trace.back().exit_code = 1;
  EXPECT_THAT(violations("add-has-del", failed.trace, {}), says("bridge ADD", "failed"));
  for (const auto& [key, other] :
       std::map<std::string, std::string>{{"CNI_CONTAINERID", "another"}, {"CNI_IFNAME", "eth1"}}) {
    auto elsewhere = seen;
    elsewhere.call("bridge", "DEL").environment[key] = other;
    EXPECT_THAT(violations("add-has-del", elsewhere.trace, {}), SizeIs(1)) << key;
  }
  auto renamed = seen;
  renamed.call("bridge", "DEL", {{"name", "other"}});
  EXPECT_THAT(violations("add-has-del", renamed.trace, {}), says("bridge ADD", "\"net\""));
  auto delegated = seen;
  delegated.call("bridge", "DEL").delegated = true;
  EXPECT_THAT(violations("add-has-del", delegated.trace, {}), SizeIs(1));
  seen.call("bridge", "DEL").exit_code = 1;  // it was called
  EXPECT_THAT(violations("add-has-del", seen.trace, {}), IsEmpty());
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("add-has-del", seen.trace, {}), SizeIs(1));
}

TEST(TraceRules, DelInReverse) {
  Recording seen;
  seen.call("bridge", "ADD");
  seen.call("tuning", "ADD", k_previous);
  seen.call("portmap", "ADD", k_previous);
  seen.call("tuning", "ADD", k_previous);
  auto good = seen;
  for (const char* plugin : {"tuning", "portmap", "tuning", "bridge"}) {
    good.call(plugin, "DEL", k_previous);
  }
  good.call("tuning", "DEL");  // of a second DEL, which ends early
  EXPECT_THAT(violations("del-in-reverse", good.trace, {}), IsEmpty());
  auto forward = seen;
  for (const char* plugin : {"bridge", "tuning", "portmap", "tuning"}) {
    forward.call(plugin, "DEL", k_previous);
  }
  EXPECT_THAT(violations("del-in-reverse", forward.trace, {}),
              says("bridge DEL", "bridge, tuning, portmap, tuning"));
}

TEST(TraceRules, DelInReverseAllowsForFailuresAndEdits) {
  Recording seen;
  seen.call("bridge", "ADD").exit_code = 1;
  seen.call("portmap", "DEL");  // was never added: the list is deleted as a whole
  seen.call("bridge", "DEL").exit_code = 1;
  seen.call("portmap", "DEL");
  seen.call("bridge", "DEL");
  EXPECT_THAT(violations("del-in-reverse", seen.trace, {}), IsEmpty());
}

TEST(TraceRules, NoOverlap) {
  Recording seen;
  auto& lo = seen.loopback("ADD");
  lo.end_ns += 20'000'000;
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("no-overlap", seen.trace, {}),
              ElementsAre(AllOf(HasSubstr("bridge ADD"), HasSubstr("15000 us before"),
                                HasSubstr("loopback ADD of container"))));
  TraceFacts parallel;
  parallel.parallel_attach = true;
  EXPECT_THAT(violations("no-overlap", seen.trace, parallel), IsEmpty());
  EXPECT_THAT(violations("one-at-a-time", seen.trace, parallel), SizeIs(1));
  auto other = seen;
  other.trace.back().environment["CNI_CONTAINERID"] = "another";
  EXPECT_THAT(violations("no-overlap", other.trace, {}), IsEmpty());
  auto unfinished = seen;
  unfinished.trace.front().finished = false;
  EXPECT_THAT(violations("no-overlap", unfinished.trace, {}), IsEmpty());
  // Parallel attachment is no excuse for DEL, nor for one interface twice.
  auto del = seen;
  del.trace.back().command = "DEL";
  EXPECT_THAT(violations("no-overlap", del.trace, parallel), SizeIs(1));
  auto same = seen;
  same.trace.front().environment["CNI_IFNAME"] = "eth0";
  EXPECT_THAT(violations("no-overlap", same.trace, parallel), SizeIs(1));
}

TEST(TraceRules, LoopbackFirstOnDel) {
  Recording seen;
  seen.call("bridge", "DEL");  // of a pod whose runtime brings lo up itself
  EXPECT_THAT(violations("loopback-first-on-del", seen.trace, {}), IsEmpty());
  Recording other;
  other.loopback("ADD");
  other.call("bridge", "ADD");
  other.call("bridge", "DEL");
  other.loopback("DEL");
  EXPECT_THAT(violations("loopback-first-on-del", other.trace, {}),
              says("bridge DEL", "before the DEL on lo"));
}

}  // namespace
}  // namespace cni_matrix::trace
