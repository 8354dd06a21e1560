#include "recording.hpp"

namespace cni_matrix::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TraceRules, AWholeLifeBreaksNone) {
  const auto seen = life();
  for (const auto& rule : trace_rules()) {
    if (is_trace_rule(rule.name)) {
      if (rule.name == "no-calls") {
        continue;  // about a pod without a network of its own
      }
      EXPECT_THAT(violations(rule.name, seen.trace, facts()), IsEmpty()) << rule.name;
    }
  }
  EXPECT_THAT(violations("negotiated=1.0.0", seen.trace, facts()), IsEmpty());
}

TEST(TraceRules, AnEmptyTraceBreaksNone) {
  for (const auto& rule : trace_rules()) {
    if (is_trace_rule(rule.name)) {
      EXPECT_THAT(violations(rule.name, {}, facts()), IsEmpty()) << rule.name;
    }
  }
  EXPECT_THAT(violations("negotiated=1.0.0", {}, facts()), IsEmpty());
}

TEST(TraceRules, SayWhatTheyAreAndWhereTheyComeFrom) {
  for (const auto& rule : trace_rules()) {
    EXPECT_FALSE(rule.clause.empty()) << rule.name;
    EXPECT_EQ(rule.says.back(), '.') << rule.name;
  }
  EXPECT_TRUE(is_trace_rule("add-has-del"));
  EXPECT_TRUE(is_trace_rule("negotiated=none"));
  EXPECT_FALSE(is_trace_rule("negotiated="));
  EXPECT_FALSE(is_trace_rule("negotiated=VERSION"));
  EXPECT_FALSE(is_trace_rule("no-such-rule"));
  EXPECT_THAT(violations("no-such-rule", {}, {}), ElementsAre(HasSubstr("no-such-rule")));
}

TEST(TraceRules, OurOwnCallsAreNotTheRuntimes) {
  auto seen = life();
  for (const char* command : {"ADD", "CHECK", "GC"}) {
    auto& call = seen.call("bridge", command);
    call.environment["CNI_MATRIX_CALLER"] = "1";
    call.environment["CNI_ARGS"] = "";
  }
  for (const auto* rule : {"no-check-no-gc", "add-has-del", "pod-arguments"}) {
    EXPECT_THAT(violations(rule, seen.trace, facts()), IsEmpty()) << rule;
  }
  EXPECT_THAT(violations("called=CHECK", seen.trace, facts()), IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::trace
