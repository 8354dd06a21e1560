#include "recording.hpp"

namespace cni_matrix::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TraceRules, NoCheckNoGc) {
  Recording seen;
  seen.call("bridge", "STATUS");
  seen.call("bridge", "VERSION");
  EXPECT_THAT(violations("no-check-no-gc", seen.trace, {}), IsEmpty());
  seen.call("bridge", "CHECK", k_previous);
  seen.call("bridge", "GC");
  EXPECT_THAT(violations("no-check-no-gc", seen.trace, {}),
              ElementsAre(HasSubstr(std::string("bridge CHECK of container ") + k_short),
                          HasSubstr("bridge GC of network \"net\"")));
}

TEST(TraceRules, GcExclusive) {
  Recording seen;
  seen.call("bridge", "ADD");
  auto& gc = seen.call("bridge", "GC");
  const auto start = gc.start_ns;
  gc.environment["CNI_MATRIX_CALLER"] = "1";
  auto& del = seen.call("bridge", "DEL");
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), IsEmpty());
  del.start_ns = start + 1;
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}),
              says("bridge DEL", "ran during bridge GC of network \"net\""));
  del.finished = false;
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), IsEmpty());
  del.finished = true;
  del.input = R"({"name": "other"})";
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), IsEmpty());
  seen.trace.front().end_ns = start + 1;
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), says("bridge ADD", "ran during"));
}

TEST(TraceRules, GcKeys) {
  const Json list = Json::array({{{"containerID", k_pod}, {"ifname", "eth0"}}});
  Recording both;
  both.call("bridge", "GC", {{"cni.dev/valid-attachments", list}, {"cni.dev/attachments", list}});
  EXPECT_THAT(violations("gc-keys", both.trace, {}), IsEmpty());
  Recording one;
  one.call("bridge", "GC", {{"cni.dev/valid-attachments", list}});
  EXPECT_THAT(violations("gc-keys", one.trace, {}),
              ElementsAre("bridge GC of network \"net\" got no cni.dev/attachments"));
  Recording two;
  two.call("bridge", "GC",
           {{"cni.dev/valid-attachments", list}, {"cni.dev/attachments", Json::array()}});
  EXPECT_THAT(violations("gc-keys", two.trace, {}),
              ElementsAre(HasSubstr("got two lists of attachments: [] and [{")));
}

TEST(TraceRules, CalledAndNotCalled) {
  Recording seen;
  seen.call("bridge", "STATUS");
  EXPECT_THAT(violations("called=STATUS", seen.trace, {}), IsEmpty());
  EXPECT_THAT(violations("called=GC", seen.trace, {}), ElementsAre("no plugin was called with GC"));
  EXPECT_THAT(violations("not-called=GC", seen.trace, {}), IsEmpty());
  EXPECT_THAT(violations("not-called=STATUS", seen.trace, {}),
              ElementsAre("bridge was called with STATUS for network \"net\""));
  EXPECT_FALSE(is_trace_rule("called"));
  EXPECT_FALSE(is_trace_rule("called="));
  EXPECT_FALSE(is_trace_rule("called=COMMAND"));
  EXPECT_TRUE(is_trace_rule("not-called=CHECK"));
}

TEST(TraceRules, NoCalls) {
  Recording seen;
  seen.call("bridge", "STATUS");
  EXPECT_THAT(violations("no-calls", seen.trace, {}), IsEmpty());
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("no-calls", seen.trace, {}),
              ElementsAre(HasSubstr(std::string("bridge ADD of container ") + k_short)));
}

}  // namespace
}  // namespace cni_matrix::trace
