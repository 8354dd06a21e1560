#include "report/diff.hpp"

#include "saved_runs.hpp"

#include "report/saved_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Outcomes outcomes_of(const std::vector<run::CellResult>& results) {
  Outcomes outcomes;
  for (const auto& result : results) {
    add_outcome(outcomes, result);
  }
  return outcomes;
}

TEST(Diff, ARunDoesNotDifferFromItself) {
  const auto difference = compare(outcomes_of(sample_results()), outcomes_of(sample_results()));
  EXPECT_EQ(difference.compared, sample_results().size());
  EXPECT_EQ(difference.exit_status(), 0);
  EXPECT_THAT(describe(difference, true),
              HasSubstr("17 cells compared: 0 with another verdict (0 worse), 0 by another way, "
                        "2 failing in both, 0 added, 0 removed\n"));
}

// To fail, to leak, to be broken or skipped is worse; nothing else is.
TEST(Diff, OnlyWhatGotWorseFails) {
  using run::Verdict;
  const auto status = [](Verdict before, Verdict after) {
    auto old_result = passed();
    auto new_result = passed();
    old_result.verdict = before;
    new_result.verdict = after;
    return compare(outcomes_of({old_result}), outcomes_of({new_result})).exit_status();
  };
  for (const auto bad : {Verdict::fail, Verdict::leak, Verdict::broken, Verdict::skip}) {
    EXPECT_EQ(status(Verdict::pass, bad), 1) << run::name_of(bad);
    EXPECT_EQ(status(Verdict::known, bad), 1) << run::name_of(bad);
    EXPECT_EQ(status(bad, Verdict::pass), 0) << run::name_of(bad);
    EXPECT_EQ(status(bad, bad), 0) << run::name_of(bad);
  }
  EXPECT_EQ(status(Verdict::known, Verdict::pass), 0);
  EXPECT_EQ(status(Verdict::pass, Verdict::known), 0);
}

// A failure that the baseline has is none that the ratchet stops at.
TEST(Diff, TheRatchetStopsAtNewFailuresOnly) {
  using run::Verdict;
  const auto status = [](Verdict before, Verdict after, Ratchet ratchet) {
    auto old_result = passed();
    auto new_result = passed();
    old_result.verdict = before;
    new_result.verdict = after;
    run::RunSummary summary;
    summary.cells = 1;
    summary.add(new_result);
    const auto difference = compare(outcomes_of({old_result}), outcomes_of({new_result}));
    return number_of(ending_beside(difference, summary, ratchet).status);
  };
  EXPECT_EQ(status(Verdict::fail, Verdict::fail, Ratchet::off), 1);
  EXPECT_EQ(status(Verdict::fail, Verdict::fail, Ratchet::on), 0);
  EXPECT_EQ(status(Verdict::pass, Verdict::fail, Ratchet::on), 1);
  EXPECT_EQ(status(Verdict::pass, Verdict::pass, Ratchet::on), 0);
}

TEST(Diff, WhatDiffersFromRunToRunIsNotADifference) {
  auto before = sample_results();
  auto after = sample_results();
  after[1].wall_us += 5;
  for (auto& step : after[1].steps) {
    const auto at = step.error.find(std::string(64, 'a'));
    if (at != std::string::npos) {
      step.error.replace(at, 64, std::string(64, 'c'));
    }
  }
  const auto difference = compare(outcomes_of(before), outcomes_of(after));
  EXPECT_TRUE(difference.details.empty());
}

TEST(Diff, EveryKindOfDifference) {
  auto before = sample_results();
  auto after = sample_results();
  after[1] = passed("1.6.2", "1.6.2", "0.9.0", "0.9.0", "none");  // known -> pass
  after[3].leftover.of(node::LeakClass::lease).clear();  // the same verdict, other leftovers
  after[3].steps[2].error = "another text";
  after.erase(after.begin());  // removed
  after.push_back(passed("2.1.9", "2.1.9", "1.1.1", "1.1.1", "1.1.0"));
  const auto difference = compare(outcomes_of(before), outcomes_of(after));
  EXPECT_EQ(difference.exit_status(), 0);  // another verdict, and no worse
  ASSERT_EQ(difference.verdicts.size(), 1U);
  EXPECT_EQ(difference.verdicts[0].before.verdict, run::Verdict::known);
  EXPECT_EQ(difference.details.size(), 1U);
  EXPECT_EQ(difference.added.size(), 1U);
  EXPECT_EQ(difference.removed.size(), 1U);
  approve("diff", describe(difference, true));
  const auto json = to_json(difference);
  EXPECT_EQ(json["verdicts"][0]["before"]["verdict"], "known");
  EXPECT_EQ(json["verdicts"][0]["after"]["verdict"], "pass");
  EXPECT_EQ(json["exit_status"], 0);
  EXPECT_EQ(json["added"][0]["name"], "2.1.9/1.1.1/bridge-portmap@1.1.0/lifecycle");
}

TEST(Diff, OtherDetailsAloneDoNotFail) {
  auto after = sample_results();
  after[3].leftover.of(node::LeakClass::lease).clear();
  EXPECT_EQ(compare(outcomes_of(sample_results()), outcomes_of(after)).exit_status(), 0);
}

TEST(Diff, NothingInCommon) {
  const auto other = passed("9.9.9", "9.9.9", "1.1.1", "1.1.1", "1.0.0");
  EXPECT_EQ(compare(outcomes_of(sample_results()), outcomes_of({other})).exit_status(), 4);
  EXPECT_EQ(compare({}, {}).exit_status(), 4);
}

TEST(Diff, OfRepeatedCellsTheWorstCounts) {
  auto failed = passed();
  failed.verdict = run::Verdict::fail;
  for (const auto& results : {std::vector{passed(), failed}, std::vector{failed, passed()}}) {
    EXPECT_EQ(outcomes_of(results).begin()->second.verdict, run::Verdict::fail);
  }
}

TEST(Diff, HostileTextsAreEscaped) {
  auto before = passed();
  auto after = passed();
  after.verdict = run::Verdict::fail;
  after.reason = "\x1b]0;x\x07\r";
  after.steps[0] = {"Run\x1b[2J", "", false, "\x1b", "\x1b[2K\xff", 1};
  const auto difference = compare(outcomes_of({before}), outcomes_of({after}));
  const auto text = describe(difference, false);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, HasSubstr("\\x1b[2K\\xff"));
  EXPECT_NO_THROW(to_json(difference).dump(-1, ' ', false, Json::error_handler_t::replace));
}

class Baseline : public SavedRuns {};

TEST_F(Baseline, ABaselineSaysNothingOfWhatWasNotSelected) {
  auto baseline = value_or_throw(read_outcomes(save("all.json", sample_results())));
  const auto result = sample_results().front();
  keep_only(baseline, {result.cell});
  Outcomes now;
  add_outcome(now, result);
  const auto difference = compare(baseline, now);
  EXPECT_EQ(difference.compared, 1U);
  EXPECT_TRUE(difference.removed.empty());
}

TEST_F(Baseline, TheRatchetNamesWhatFailsInBoth) {
  const auto old_failure = built("dir:/a", run::Verdict::fail);
  const auto baseline = value_or_throw(read_outcomes(save("old.json", {old_failure})));
  std::string told;
  const auto beside = [&](const std::vector<run::CellResult>& results) {
    Outcomes now;
    for (const auto& result : results) {
      add_outcome(now, result);
    }
    const auto difference = compare(baseline, now);
    told = describe(difference, true);
    return ending_beside(difference, summary_of(results), Ratchet::on);
  };
  EXPECT_EQ(beside({old_failure}).text(), "exit 0: only what failed in the baseline too: 1 cell");
  EXPECT_THAT(told, HasSubstr("Fails in both\n  debian:bookworm/dir:/a/"));
  // A cell that the baseline does not have is a failure that it does not have.
  EXPECT_EQ(beside({old_failure, built("dir:/b", run::Verdict::leak)}).text(),
            "exit 1: 1 failure that the baseline does not have");
  // Trouble of the harness is never excused.
  EXPECT_EQ(beside({old_failure, built("dir:/b", run::Verdict::broken)}).status,
            ExitStatus::broken);
}

}  // namespace
}  // namespace cni_matrix::report::testing
