#include "report/console.hpp"

#include "sample.hpp"

#include "report/reporters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A clock that goes on by a second each time it is looked at.
ConsoleOptions options_with_clock() {
  ConsoleOptions options;
  options.unicode = true;
  options.title_of = [](const std::string& id) {
    return id == "F02" ? "DEL fails when the list declares no cniVersion" : "";
  };
  options.now = [time = std::chrono::steady_clock::time_point(std::chrono::hours(1))]() mutable {
    return time += std::chrono::seconds(1);
  };
  return options;
}

std::string plain(ConsoleOptions options,
                  const std::vector<run::CellResult>& results = sample_results()) {
  return text_of([&](std::FILE* stream) {
    const auto reporter = make_console_reporter(stream, options);
    EXPECT_TRUE(tell(*reporter, results));
  });
}

std::string on_terminal(const ConsoleOptions& options) {
  const Environment term("TERM", "xterm");
  return terminal_text_of([&](std::FILE* stream) {
    const auto reporter = make_console_reporter(stream, options);
    EXPECT_TRUE(tell(*reporter, sample_results()));
  });
}

TEST(Console, PlainLinesWhereThereIsNoTerminal) {
  approve("console-plain", plain(options_with_clock()));
}

TEST(Console, Ascii) {
  auto options = options_with_clock();
  options.unicode = false;
  const auto text = plain(options);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c > 0; }));
  approve("console-ascii", text);
}

// Once a run, and not for those who did not ask.
TEST(Console, VerboseNamesTheFilesThatWereRun) {
  auto results = sample_results();
  ASSERT_FALSE(results.empty());
  for (auto& result : results) {
    artifacts::Artifact release;
    release.component = artifacts::Component::containerd;
    release.version = {1, 6, 20, {}};
    release.source = "containerd-1.6.20-linux-amd64.tar.gz";
    release.sha256 = std::string(64, 'a');
    result.containerd = release;
    artifacts::Artifact directory;
    directory.component = artifacts::Component::plugins;
    directory.version = {1, 1, 1, {}};
    directory.source = "/opt/cni/bin";
    directory.binaries["bridge"] = std::string(64, 'b');
    result.plugins = directory;
  }
  auto options = options_with_clock();
  EXPECT_THAT(plain(options, results), Not(HasSubstr("What was run")));
  options.verbosity = Verbosity::verbose;
  const auto text = plain(options, results);
  const auto lines = "What was run\n  cni-plugins 1.1.1: /opt/cni/bin, SHA-256 " +
                     std::string(64, 'b') +
                     " of bridge\n  containerd 1.6.20: containerd-1.6.20-linux-amd64.tar.gz, "
                     "SHA-256 " +
                     std::string(64, 'a') + "\n";
  const auto at = text.find(lines);
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.find("containerd-1.6.20-linux", at + lines.size()), std::string::npos);
}

TEST(Console, Verbose) {
  auto options = options_with_clock();
  options.verbosity = Verbosity::verbose;
  approve("console-verbose", plain(options));
}

TEST(Console, Quiet) {
  auto options = options_with_clock();
  options.verbosity = Verbosity::quiet;
  approve("console-quiet", plain(options));
}

TEST(Console, Terminal) {
  const Environment no_colour("NO_COLOR", nullptr);
  approve("console-terminal", visible(on_terminal(options_with_clock())));
}

TEST(Console, TerminalWithNoColor) {
  const Environment no_colour("NO_COLOR", "1");
  const auto text = visible(on_terminal(options_with_clock()));
  EXPECT_THAT(text, Not(HasSubstr("<32m>")));
  EXPECT_THAT(text, Not(HasSubstr("<1m>")));
  EXPECT_THAT(text, HasSubstr("17/17 cells"));
  approve("console-terminal-no-color", text);
}

TEST(Console, LocaleDecidesOnUnicode) {
  auto options = options_with_clock();
  options.unicode.reset();
  const Environment lc_all("LC_ALL", "C");
  EXPECT_THAT(plain(options), Not(HasSubstr("✓")));
  const Environment utf8("LC_ALL", "en_GB.UTF-8");
  EXPECT_THAT(plain(options), HasSubstr("✓"));
}

TEST(Console, OrderOfEndingDoesNotMatter) {
  auto options = options_with_clock();
  options.verbosity = Verbosity::normal;
  options.replay = true;
  options.cells_as_they_end = false;
  auto results = sample_results();
  const auto forward = plain(options, results);
  std::reverse(results.begin(), results.end());
  EXPECT_EQ(forward, plain(options, results));
}

TEST(Console, HeartbeatWithoutTerminal) {
  auto options = options_with_clock();
  options.heartbeat = std::chrono::seconds(0);
  const auto text = plain(options, {passed(), passed("1.6.21", "1.6.21", "1.1.1", "1.1.1", "")});
  EXPECT_THAT(text, HasSubstr("1/2 cells, about "));
  EXPECT_THAT(text, HasSubstr("0/2 cells, 1 running\n"));
}

// The kernel clears nodes away while the next ones run.
TEST(Console, NoMoreCellsRunThanThereAreJobs) {
  auto options = options_with_clock();
  options.heartbeat = std::chrono::seconds(0);
  auto provenance = sample_provenance();
  provenance.jobs = 2;
  const auto text = text_of([&](std::FILE* stream) {
    const auto reporter = make_console_reporter(stream, options);
    reporter->run_started(provenance, 3);
    for (const auto* version : {"1.6.20", "1.6.21", "1.6.22"}) {
      reporter->cell_started(passed(version, version, "1.1.1", "1.1.1", "1.0.0").cell);
    }
  });
  EXPECT_THAT(text, AllOf(HasSubstr(", 2 running"), Not(HasSubstr(", 3 running"))));
}

// Of a call that failed for want of a network, and not of a status that a step awaited.
TEST(Console, ShowsWhyContainerdLoadedNoNetwork) {
  auto result = passed();
  result.verdict = run::Verdict::fail;
  result.steps.front().ok = false;
  result.steps.front().error = "failed to setup network: cni plugin not initialized";
  NetworkStatus status;
  status.load_status["lastCNILoadStatus"] = "cni config load failed: invalid character '/'";
  result.network = status;
  EXPECT_THAT(plain(options_with_clock(), {result}),
              HasSubstr("cause    cni config load failed: invalid character '/'"));
  result.network->load_status["lastCNILoadStatus"] = "OK";
  EXPECT_THAT(plain(options_with_clock(), {result}), Not(HasSubstr("  cause ")));
  result.network->load_status["lastCNILoadStatus"] = "something else";
  result.steps.front().error = "plugin type=\"bridge\" failed (add)";
  EXPECT_THAT(plain(options_with_clock(), {result}), Not(HasSubstr("  cause ")));
}

TEST(Console, HostileTextsNeverReachTheTerminal) {
  auto result = passed("\x1b]0;owned\x07", "1.6.20", "1.1.1", "1.1.1", "1.0.0");
  result.verdict = run::Verdict::broken;
  result.cell.scenario = "life\x1b[2Jcycle";
  result.reason =
      "a\rb\x9b"
      "31m\xff\xfe \xc2\x9b"
      "1m";
  result.steps[0] = {
      "Run\x1b[31m", "", false, "Unk\x07nown", "line\n\x1b[1Aover \xe2\x80\xae txet", 1};
  result.known = {"F\x1b[0m"};
  result.remedy = "\x08\x08\x7f";
  result.log = "log \x1b[8m hidden\n\x1bP";
  result.leftover.of(node::LeakClass::netns) = {"/run/netns/\x1b[5m"};
  auto options = options_with_clock();
  options.verbosity = Verbosity::verbose;
  options.title_of = [](const std::string&) { return "title\x1b[7m"; };
  options.colour = false;
  const auto text = plain(options, {result});
  for (const char bad : {'\x1b', '\r', '\x07', '\x08', '\x7f', '\xff'}) {
    EXPECT_EQ(text.find(bad), std::string::npos) << static_cast<int>(bad);
  }
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(text, HasSubstr("\\x1b[1Aover"));
  EXPECT_THAT(text, HasSubstr("log \\x1b[8m hidden"));
}

TEST(Console, LeaksSayWhoseTheyAreAndHowTheyGo) {
  auto result = passed();
  const std::string id(64, 'a');
  result.verdict = run::Verdict::leak;
  result.reason = "left behind";
  result.leftover.of(node::LeakClass::veth) = {"veth1", "veth2", "veth2"};  // once each
  result.leftover.of(node::LeakClass::lease) = {"/n/10.0.0.2", "/n/10.0.0.3", "/n/10.0.0.4"};
  result.leftover.owners = {{"/n/10.0.0.2", id}};
  result.leftover.of(node::LeakClass::mount) = {"/run/containerd/x"};
  result.leftover.of(node::LeakClass::link) = {"cni0 (bridge)"};  // residue
  const auto text = plain(options_with_clock(), {result});
  EXPECT_THAT(text, HasSubstr("  left     veth: veth1 (bridge or ptp); to remove: ip link delete "
                              "veth1\n  left     veth: veth2"));
  EXPECT_THAT(text, HasSubstr("  left     lease: /n/10.0.0.2 (host-local, pod aaaaaaaaaaaa); to "
                              "remove: rm /n/10.0.0.2\n"));
  EXPECT_THAT(text, HasSubstr("  left     and 1 more\n"));
  EXPECT_THAT(text, Not(HasSubstr("/run/containerd/x")));
  EXPECT_THAT(text, Not(HasSubstr("cni0")));
}

TEST(Console, RepeatedCellsWithDifferentOutcomesAreFlaky) {
  auto other = passed();
  other.verdict = run::Verdict::fail;
  other.steps[1] = {"StopPodSandbox", "", false, "Unknown", "no", 1};
  const auto text = plain(options_with_clock(), {passed(), other, passed()});
  EXPECT_THAT(text, HasSubstr("✗ ~"));
  EXPECT_THAT(text, HasSubstr("Flaky cells"));
  EXPECT_THAT(text, HasSubstr("2 times pass"));
  EXPECT_THAT(text, HasSubstr("1 times fail; StopPodSandbox: Unknown: no"));
}

TEST(Console, InterruptedRunSaysWhatIsMissing) {
  run::RunSummary summary;
  const auto text = text_of([&](std::FILE* stream) {
    const auto reporter = make_console_reporter(stream, options_with_clock());
    reporter->run_started(sample_provenance(), 10);
    reporter->cell_finished(passed());
    summary.cells = 10;
    summary.add(passed());
    summary.interrupted = true;
    EXPECT_TRUE(reporter->run_finished(summary));
  });
  EXPECT_THAT(text, HasSubstr("10 cells: 1 pass, 9 not run"));
  EXPECT_THAT(summary.ending().text(), HasSubstr("exit 130: "));
}

TEST(Console, ManyFailuresOfOneCauseAreOneEntry) {
  std::vector<run::CellResult> results;
  for (int i = 0; i < 50; ++i) {
    auto result = passed("1.6." + std::to_string(i), "", "1.1.1", "1.1.1", "1.0.0");
    result.verdict = run::Verdict::fail;
    result.steps[1] = {"StopPodSandbox",
                       "",
                       false,
                       "Unknown",
                       "sandbox \"" + std::string(64, static_cast<char>('a' + i % 6)) + "\" no",
                       1};
    results.push_back(result);
  }
  const auto text = plain(options_with_clock(), results);
  EXPECT_THAT(text, HasSubstr("✗ fail, lifecycle: 50 cells\n"));
  EXPECT_THAT(text, HasSubstr("and 38 more"));
  EXPECT_THAT(text, HasSubstr("further failures are shown at the end"));
}

TEST(Console, WideTablesAreSplitBetweenCniVersions) {
  std::vector<run::CellResult> results;
  for (const std::string version : {"none", "0.4.0", "1.0.0", "1.1.0"}) {
    for (const std::string plugins : {"debian:bullseye", "debian:bookworm", "debian:forky"}) {
      results.push_back(passed("1.6.20", "1.6.20", plugins, "1.1.1", version));
    }
  }
  auto options = options_with_clock();
  approve("console-wide", plain(options, results));
}

TEST(Console, NoticesAreLinesOfTheirOwn) {
  const auto text = text_of([&](std::FILE* stream) {
    Reporters reporters;
    reporters.add(make_console_reporter(stream, options_with_clock()));
    reporters.run_started(sample_provenance(), 1);
    reporters.notice("debian:forky: \x1b[31mskipped");
    reporters.cell_finished(passed());
    EXPECT_TRUE(reporters.run_finished(summary_of({passed()})));
  });
  EXPECT_THAT(text, HasSubstr("\ndebian:forky: \\x1b[31mskipped\n"));
}

TEST(Console, RowsStandInTheOrderOfTheirResolvedVersions) {
  const auto text =
      plain(options_with_clock(), {passed("2.1.9", "2.1.9", "1.1.1", "1.1.1", ""),
                                   passed("debian:bookworm", "1.6.20", "1.1.1", "1.1.1", ""),
                                   passed("1.6.4", "1.6.4", "1.1.1", "1.1.1", "")});
  EXPECT_LT(text.find("1.6.4 d"), text.find("debian:bookworm 1.6.20 d"));
  EXPECT_LT(text.find("debian:bookworm 1.6.20 d"), text.find("2.1.9 d"));
}

TEST(Console, DebiansSuitesStandInTheOrderOfTheirReleases) {
  const auto text =
      plain(options_with_clock(), {passed("dir:/here", "", "1.1.1", "1.1.1", ""),
                                   passed("debian:sid", "", "1.1.1", "1.1.1", ""),
                                   passed("debian:forky", "", "1.1.1", "1.1.1", ""),
                                   passed("debian:bullseye", "", "1.1.1", "1.1.1", "")});
  EXPECT_LT(text.find("debian:bullseye"), text.find("debian:forky"));
  EXPECT_LT(text.find("debian:forky"), text.find("debian:sid"));
  EXPECT_LT(text.find("debian:sid"), text.find("dir:/here"));
}

TEST(Console, AWriteThatFailsIsAnError) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  const auto reporter = make_console_reporter(full, options_with_clock());
  EXPECT_FALSE(tell(*reporter, {passed()}));
  std::fclose(full);
}

std::string console_of(const std::vector<run::CellResult>& results, const run::RunSummary& summary,
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

TEST(Console, EachReasonForTheModelStandsOnceAndTheCellsAreCounted) {
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

}  // namespace
}  // namespace cni_matrix::report::testing
