#include "sample.hpp"

#include "base/file.hpp"
#include "cli/diff.hpp"
#include "cli/report.hpp"
#include "report/console.hpp"
#include "report/flaky.hpp"
#include "report/json.hpp"
#include "report/junit.hpp"
#include "report/saved_run.hpp"
#include "report/verification.hpp"
#include "verdict/normalise.hpp"
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What a run says of itself is so: what was modelled, skipped, assumed, compared, and how it ended.
namespace cni_matrix::report::testing {
namespace {

using run::Verdict;
using ::testing::HasSubstr;
using ::testing::Not;

run::CellResult modelled(const std::string& version) {
  auto result = passed(version, version, "1.1.1", "1.1.1", "1.0.0");
  result.runtime = "embedded";
  result.modelled_because = "mirror.example cannot be reached";
  return result;
}

std::string console_of(const std::vector<run::CellResult>& results, run::RunSummary summary,
                       Verbosity verbosity = Verbosity::normal) {
  return text_of([&](std::FILE* stream) {
    ConsoleOptions options;
    options.unicode = true;
    options.verbosity = verbosity;
    const auto reporter = make_console_reporter(stream, options);
    reporter->run_started(sample_provenance(), results.size());
    for (const auto& result : results) {
      reporter->cell_finished(result);
    }
    EXPECT_TRUE(reporter->run_finished(summary));
  });
}

TEST(Modelled, EachReasonStandsOnceAndTheCellsAreCounted) {
  auto other = modelled("1.6.5");
  other.modelled_because.clear();
  other.assumed = "nothing is known of 1.6.5";
  const std::vector<run::CellResult> results = {modelled("1.6.2"), modelled("1.6.3"), other,
                                                passed()};
  const auto text = console_of(results, summary_of(results));
  const auto reason = text.find("  2 cells: mirror.example cannot be reached\n");
  ASSERT_NE(reason, std::string::npos) << text;
  EXPECT_EQ(text.find("mirror.example", reason + 20), std::string::npos) << text;
  EXPECT_THAT(text, HasSubstr("Assumed\n  1 cell: nothing is known of 1.6.5\n"));
  EXPECT_THAT(text, HasSubstr("4 cells: 4 pass, 3 of them modelled in "));
  EXPECT_THAT(console_of(results, summary_of(results), Verbosity::verbose),
              HasSubstr("modelled: mirror.example cannot be reached"));
  const auto json = run::to_json(summary_of(results));
  EXPECT_EQ(json["modelled"], 3);
  EXPECT_EQ(json["skipped"], 0);
  const auto back = run::cell_result_from_json(run::to_json(results[0]));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->modelled_because, "mirror.example cannot be reached");
}

TEST(Modelled, TheReasonStandsInJunit) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "junit.xml";
  {
    const auto reporter = value_or_throw(make_junit_reporter(file));
    ASSERT_TRUE(tell(*reporter, {modelled("1.6.2")}));
  }
  EXPECT_THAT(value_or_throw(read_file(file)), HasSubstr("mirror.example cannot be reached"));
}

TEST(FailOn, NamesWhatItFoundAndIsKeptInTheRun) {
  auto skipped = passed("1.9.9", "", "1.1.1", "", "1.0.0");
  skipped.verdict = Verdict::skip;
  skipped.runtime.clear();
  auto summary = summary_of({skipped, modelled("1.6.2"), modelled("1.6.3"), passed()});
  EXPECT_EQ(summary.exit_status(), 0);
  summary.fail_on = {"skip"};
  EXPECT_EQ(summary.ending().text(), "exit 1: --fail-on skip: 1 cell skipped");
  summary.fail_on = {"skip", "modelled"};
  EXPECT_EQ(summary.ending().text(),
            "exit 1: --fail-on skip: 1 cell skipped; --fail-on modelled: 2 cells modelled");
  const auto back = run::summary_from_json(run::to_json(summary));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->exit_status(), 1);
  // All was skipped: bad news goes before no answer.
  auto nothing = summary_of({skipped});
  EXPECT_EQ(nothing.exit_status(), 4);
  nothing.fail_on = {"skip"};
  EXPECT_EQ(nothing.exit_status(), 1);
  nothing.fail_on = {"modelled"};
  EXPECT_EQ(nothing.exit_status(), 4);
}

TEST(Ending, WhatStoppedARunIsTold) {
  const auto status = [](run::Stop stop, std::vector<run::CellResult> results) {
    auto summary = summary_of(results);
    summary.interrupted = true;
    summary.stopped_by = stop;
    const auto back = run::summary_from_json(run::to_json(summary));
    EXPECT_TRUE(back);
    EXPECT_EQ(back->ending().text(), summary.ending().text());
    return summary.exit_status();
  };
  auto failed = passed();
  failed.verdict = Verdict::fail;
  for (const auto& results : {std::vector{passed()}, std::vector{failed}}) {
    EXPECT_EQ(status(run::Stop::sigint, results), 130);
    EXPECT_EQ(status(run::Stop::sigterm, results), 143);
    EXPECT_EQ(status(run::Stop::timeout, results), 124);
    EXPECT_EQ(status(run::Stop::trouble, results), 3);
  }
  EXPECT_EQ(status(run::Stop::killed, {passed()}), 5);
  EXPECT_EQ(status(run::Stop::killed, {failed}), 1);
}

TEST(Repeat, AMicrosecondInAReasonIsNoOtherOutcome) {
  const auto with = [](const std::string& error) {
    auto result = passed();
    result.verdict = Verdict::fail;
    result.reason = error;
    result.steps[1] = {"trace", "no-overlap", false, "", error, 1};
    return result;
  };
  FlakyDetector detector;
  detector.add(with("ADD of bridge started 12 us before DEL of portmap had ended"));
  detector.add(with("ADD of bridge started 1348 us before DEL of portmap had ended"));
  EXPECT_TRUE(detector.flaky().empty());
  detector.add(with("ADD of bridge started 12 us before DEL of tuning had ended"));
  EXPECT_EQ(detector.flaky().size(), 1U);
}

TEST(Repeat, WhatChanceDecidesIsTakenOut) {
  using verdict::comparable_error;
  EXPECT_EQ(comparable_error("after 2.5s, 300ms, 1m2.5s and 0.4 s"),
            "after <TIME>, <TIME>, <TIME> and <TIME>");
  EXPECT_EQ(comparable_error("link veth0a1b2c3d has 0a:58:0a:58:00:02"), "link <VETH> has <MAC>");
  EXPECT_EQ(comparable_error("2026-11-26T22:48:56.123Z: no"), "<DATE>: no");
  // Numbers that mean something stay.
  for (const auto* text : {"exit status 2", "10.88.0.2/16", "cniVersion 1.0.0", "port 8080 seen",
                           "12 usable addresses", "3 hosts", "5 minds"}) {
    EXPECT_EQ(comparable_error(text), text);
  }
  EXPECT_EQ(comparable_error(std::string(1'000'000, '7')).size(), 1'000'000U);
}

class SavedRuns : public ::testing::Test {
 protected:
  void SetUp() override { m_directory = value_or_throw(TemporaryDirectory::create()); }

  std::filesystem::path save(const std::string& name, const std::vector<run::CellResult>& results) {
    const auto file = m_directory->path() / name;
    const auto reporter = value_or_throw(make_json_reporter(file));
    EXPECT_TRUE(tell(*reporter, results));
    return file;
  }

  Expected<Ending> diff(const cli::DiffArguments& arguments) {
    Expected<Ending> ending;
    m_out = text_of([&](std::FILE* out) { ending = cli::diff_command(arguments, out); });
    return ending;
  }

  std::optional<TemporaryDirectory> m_directory;
  std::string m_out;
};

run::CellResult built(const std::string& plugins, Verdict verdict) {
  auto result = passed("debian:bookworm", "1.6.20", plugins, "1.4.0", "1.0.0");
  result.verdict = verdict;
  return result;
}

TEST_F(SavedRuns, TwoBuildsAreComparedByTheColumnsThatMakeACell) {
  cli::DiffArguments arguments;
  arguments.before = save("old.json", {built("dir:/old@1.4.0", Verdict::pass)});
  arguments.after = save("new.json", {built("dir:/new@1.4.0", Verdict::fail)});
  EXPECT_EQ(diff(arguments)->status, ExitStatus::no_answer);  // no cell has the same name
  arguments.by = {"containerd", "conflist", "scenario"};
  EXPECT_EQ(diff(arguments)->status, ExitStatus::bad_news);
  EXPECT_THAT(m_out, HasSubstr("dir:/new@1.4.0/bridge-portmap@1.0.0/lifecycle (was "
                               "debian:bookworm/dir:/old@1.4.0/bridge-portmap@1.0.0/lifecycle)  "
                               "pass -> fail"));
  arguments.by = {"plugins-version", "conflist", "scenario"};
  EXPECT_EQ(diff(arguments)->status, ExitStatus::bad_news);
}

TEST_F(SavedRuns, ColumnsThatDoNotTellCellsApartAreRefused) {
  cli::DiffArguments arguments;
  arguments.before =
      save("old.json", {built("dir:/a", Verdict::pass), built("dir:/b", Verdict::fail)});
  arguments.after = arguments.before;
  arguments.by = {"containerd", "scenario"};
  auto refused = diff(arguments);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  EXPECT_THAT(refused.error().message, HasSubstr("old.json: by containerd,scenario the cells "));
  arguments.by = {"containerd", "plugin"};
  refused = diff(arguments);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("did you mean plugins"));
  // A repetition is the same cell.
  arguments.before =
      save("twice.json", {built("dir:/a", Verdict::pass), built("dir:/a", Verdict::fail)});
  arguments.after = arguments.before;
  arguments.by = {"scenario"};
  EXPECT_TRUE(diff(arguments));
}

TEST_F(SavedRuns, ABaselineSaysNothingOfWhatWasNotSelected) {
  auto baseline = value_or_throw(read_outcomes(save("all.json", sample_results())));
  const auto result = sample_results().front();
  keep_only(baseline, {result.cell});
  Outcomes now;
  add_outcome(now, result);
  const auto difference = compare(baseline, now);
  EXPECT_EQ(difference.compared, 1U);
  EXPECT_TRUE(difference.removed.empty());
}

TEST_F(SavedRuns, TheRatchetNamesWhatFailsInBoth) {
  const auto old_failure = built("dir:/a", Verdict::fail);
  const auto baseline = value_or_throw(read_outcomes(save("old.json", {old_failure})));
  const auto beside = [&](const std::vector<run::CellResult>& results) {
    Outcomes now;
    for (const auto& result : results) {
      add_outcome(now, result);
    }
    const auto difference = compare(baseline, now);
    m_out = describe(difference, true);
    return ending_beside(difference, summary_of(results), Ratchet::on);
  };
  EXPECT_EQ(beside({old_failure}).text(), "exit 0: only what failed in the baseline too: 1 cell");
  EXPECT_THAT(m_out, HasSubstr("Fails in both\n  debian:bookworm/dir:/a/"));
  // A cell that the baseline does not have is a failure that it does not have.
  EXPECT_EQ(beside({old_failure, built("dir:/b", Verdict::leak)}).text(),
            "exit 1: 1 failure that the baseline does not have");
  // Trouble of the harness is never excused.
  EXPECT_EQ(beside({old_failure, built("dir:/b", Verdict::broken)}).status, ExitStatus::broken);
}

// `report` prints of a saved run what `run` printed, statements of the matrix and all.
TEST_F(SavedRuns, ReportPrintsWhatRunPrinted) {
  const auto results = sample_results();
  auto summary = summary_of(results);
  summary.statements = {{"K3", "a thing is so", verdict::Truth::partly, 3, 1, "in 1.6.20: yes"}};
  summary.modules = {"ip_tables", "nf_nat"};
  summary.fail_on = {"skip"};
  const auto file = m_directory->path() / "run.json";
  const auto known = value_or_throw(verdict::KnownBehaviours::load());
  const auto ran = text_of([&](std::FILE* stream) {
    Reporters reporters;
    reporters.add(value_or_throw(make_json_reporter(file)));
    ConsoleOptions options;
    options.unicode = true;
    options.title_of = [&](const std::string& id) {
      const auto* behaviour = known.find(id);
      return behaviour == nullptr ? std::string() : behaviour->title;
    };
    reporters.add(make_console_reporter(stream, options));
    reporters.run_started(sample_provenance(), results.size());
    for (const auto& result : results) {
      reporters.cell_started(result.cell);
      reporters.cell_finished(result);
    }
    EXPECT_TRUE(reporters.run_finished(summary));
    fmt::print(stream, "{}\n", summary.ending().text());
  });
  EXPECT_THAT(ran, HasSubstr("Statements of this matrix\n  K3   partly true: a thing is so\n"));
  EXPECT_THAT(ran, HasSubstr("loaded modules for this run, and they stay: ip_tables, nf_nat\n"));
  cli::ReportArguments arguments;
  arguments.run = file;
  arguments.console.unicode = true;
  const auto shown = text_of([&](std::FILE* stream) {
    const auto ending = cli::report_command(arguments, stream, stderr);
    ASSERT_TRUE(ending) << ending.error().message;
    fmt::print(stream, "{}\n", ending->text());
  });
  EXPECT_EQ(shown, ran);
}

TEST_F(SavedRuns, AVerificationIsADocumentOfItsSchema) {
  Verification found;
  found.compared = {{"0123456789", "a/b/c/d", {}},
                    {"0123456780", "e/f/g/h", {{"step", 1, "ok", "\x1b[2J\xff"}}}};
  found.broken = {{"i", "no node"}};
  found.skipped = {{"no containerd", 3}};
  found.not_compared = {{"mount", "a daemon's"}};
  const auto file = m_directory->path() / "verify.json";
  auto output = value_or_throw(VerificationFile::open(file));
  ASSERT_TRUE(output.write(found, {ExitStatus::broken, "trouble"}));
  const auto document = value_or_throw(load_json(file));
  const auto checked = check_schema(document, "verify", "verify.json");
  EXPECT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(document["summary"]["agree"], 1);
  EXPECT_EQ(document["summary"]["disagree"], 1);
  EXPECT_EQ(document["summary"]["skipped"], 3);
  EXPECT_EQ(document["summary"]["exit_status"], 3);
  EXPECT_FALSE(VerificationFile::open(m_directory->path()));
}

}  // namespace
}  // namespace cni_matrix::report::testing
