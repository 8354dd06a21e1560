// What the program says of an output that cannot be written, of what it modelled and of two runs of
// one matrix: true, and the same as its exit status.

#include "program_test.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace cni_matrix {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::in_shell;
using testing_support::last_line;
using testing_support::program;
using testing_support::ProgramTest;
using testing_support::with;
using testing_support::Words;

// The program with its standard streams put elsewhere.
CommandResult redirected(const Words& arguments, const std::string& redirection) {
  return in_shell(arguments, "exec \"$@\" " + redirection);
}

class TrueWords : public ProgramTest {};

TEST_F(TrueWords, OfAnOutputThatCannotBeWritten) {
  ASSERT_EQ(program(with(cell, {"--json", path("run.json")})).exit_code, 0);
  const std::vector<Words> commands = {cell,
                                       {"report", path("run.json")},
                                       {"diff", path("run.json"), path("run.json")},
                                       {"plan", "default"},
                                       {"plan", "default", "--json"},
                                       {"list", "probes"},
                                       {"list", "scenarios", "--format", "json"},
                                       {"compat", "--containerd", "1.6.20", "--plugins", "1.1.1"},
                                       {"compat", "--page"},
                                       {"explain"},
                                       {"explain", "--json"},
                                       {"store", "list"},
                                       {"store", "list", "--json"},
                                       {"fetch", "--plugins", "debian:bookworm"}};
  for (const auto& command : commands) {
    for (const auto* nowhere : {">/dev/full", ">&-"}) {
      const auto result = redirected(command, nowhere);
      EXPECT_EQ(result.exit_code, 3)
          << fmt::format("{} {}", fmt::join(command, " "), nowhere) << result.err;
      EXPECT_THAT(last_line(result.err), HasSubstr("exit 3: "))
          << fmt::format("{} {}", fmt::join(command, " "), nowhere);
    }
  }
  // With all three closed no file of ours is taken for one of them.
  const auto saved = path("closed.json");
  EXPECT_EQ(redirected(with(cell, {"--json", saved}), "<&- >&- 2>&-").exit_code, 3);
  EXPECT_TRUE(load_json(saved));
  EXPECT_EQ(redirected({"list", "probes"}, ">/dev/full 2>&-").exit_code, 3);
  // What cannot be said on standard error changes nothing.
  EXPECT_EQ(redirected({"list", "probes"}, "2>/dev/full").exit_code, 0);
  EXPECT_EQ(redirected({"nope"}, "2>/dev/full").exit_code, 2);
  EXPECT_EQ(redirected(cell, "2>/dev/full").exit_code, 0);
}

// The reader is gone before the first byte: it has what it wants of data, and a report was not
// given.
TEST_F(TrueWords, OfAReaderThatLeaves) {
  const auto status = [](const Words& arguments) {
    const auto result = in_shell(arguments, "{ sleep 1; \"$@\"; echo \"status $?\" >&2; } | true");
    const auto lines = split(trim(result.err), '\n');
    auto said = last_line(result.err);
    EXPECT_GE(lines.size(), 2U) << result.err;
    EXPECT_THAT(lines[lines.size() - 2], HasSubstr("exit " + said.substr(7) + ": "));
    return said;
  };
  EXPECT_EQ(status({"list", "scenarios", "--format", "json"}), "status 0");
  EXPECT_EQ(status({"plan", "default", "--json"}), "status 0");
  EXPECT_EQ(status(cell), "status 3");
}

// A mirror that cannot be reached is no silent pass.
TEST_F(TrueWords, OfWhatWasModelledInPlaceOfADaemon) {
  const Words run = {"run",       "--containerd",    "release:1.6.2",
                     "--plugins", "debian:bookworm", "--cni-version",
                     "1.0.0",     "--mirror",        "http://127.0.0.1:1"};
  const Words fresh = {"CNI_MATRIX_CACHE=" + path("cache")};
  const auto result =
      program(with(run, {"--json", path("run.json"), "--junit", path("j.xml")}), fresh);
  if (result.exit_code == 4) {
    GTEST_SKIP() << result.out;
  }
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("Modelled, since the real containerd cannot be had\n  1 cell: "));
  EXPECT_THAT(result.out, HasSubstr("1 cell: 1 pass, 1 of them modelled"));
  const auto document = value_or_throw(load_json(path("run.json")));
  const auto reason = document["cells"][0].value("modelled_because", "");
  EXPECT_THAT(reason, HasSubstr("127.0.0.1"));
  EXPECT_EQ(document["summary"]["modelled"], 1);
  EXPECT_THAT(value_or_throw(read_file(path("j.xml"))), HasSubstr("modelled because"));
  const auto strict = program(with(run, {"--fail-on", "skip,modelled"}), fresh);
  EXPECT_EQ(strict.exit_code, 1) << strict.out;
  EXPECT_EQ(last_line(strict.out), "exit 1: --fail-on modelled: 1 cell modelled");
}

TEST_F(TrueWords, OfAVersionThatNothingIsKnownOf) {
  const auto result =
      program({"run", "--containerd", "1.6.9999", "--runtime", "embedded", "--plugins",
               "debian:bookworm", "--cni-version", "1.0.0", "--json", path("run.json")});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("Assumed\n  1 cell: no profile and no catalog knows containerd "
                                    "1.6.9999, so what is inside it is assumed to be as in 1.6."));
  const auto document = value_or_throw(load_json(path("run.json")));
  EXPECT_THAT(document["cells"][0].value("assumed", ""), HasSubstr("1.6.9999"));
  // Of a version that is listed nothing is assumed.
  EXPECT_THAT(program(cell).out, Not(HasSubstr("Assumed")));
}

TEST_F(TrueWords, OfASavedRunAreThoseOfTheRun) {
  const auto ran = program({"run", "kubernetes-page", "--plugins", "debian:bookworm", "--runtime",
                            "embedded", "--json", path("run.json"), "--offline"});
  const auto shown = program({"report", path("run.json")});
  EXPECT_THAT(ran.out, HasSubstr("Statements of this matrix\n"));
  // Progress of a run that takes long is no part of its report.
  std::string report;
  for (const auto& line : split(ran.out, '\n')) {
    const auto slash = line.find_first_not_of("0123456789");
    const bool progress = slash != std::string::npos && slash > 0 && line[slash] == '/' &&
                          line.find(" cells, ") != std::string::npos;
    report += progress ? "" : line + '\n';
  }
  report.pop_back();
  EXPECT_EQ(shown.out, report);
  EXPECT_EQ(shown.exit_code, ran.exit_code);
}

// A version that a step asks for is looked at before the first cell, too.
TEST_F(TrueWords, OfAMistakeInALaterStep) {
  value_or_throw(write_file(path("late.json"), R"({"id": "late", "title": "Take what is not there",
      "steps": [{"step": "run"},
                {"step": "replace-runtime", "to": "0.9.0"}]})"));
  const auto result =
      program(with(cell, {"--scenario", "lifecycle", "--scenario", path("late.json"), "--jobs", "1",
                          "--json", path("run.json")}));
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("no profile of containerd 0.9"));
  EXPECT_THAT(last_line(result.err), StartsWith("exit 2: "));
  EXPECT_FALSE(std::filesystem::exists(path("run.json")));
}

TEST_F(TrueWords, OfTheRatchet) {
  ASSERT_EQ(program(with(cell, {"--json", path("pass.json")})).exit_code, 0);
  const auto alone = program(with(cell, {"--new-failures-only"}));
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("--baseline"));
  const auto good = program(with(cell, {"--baseline", path("pass.json"), "--new-failures-only"}));
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_EQ(last_line(good.out), "exit 0: no cell failed that did not fail in the baseline");
}

TEST_F(TrueWords, OfTheTwoRuntimesInJson) {
  const Words words = {"verify-embedded", "--containerd",  "debian:bookworm", "--plugins",
                       "debian:bookworm", "--cni-version", "1.0.0",           "--json"};
  const auto result = program(with(words, {path("verify.json")}));
  const auto document = value_or_throw(load_json(path("verify.json")));
  const auto checked = check_schema(document, "verify", "verify.json");
  EXPECT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(document["summary"]["exit_status"], result.exit_code);
  EXPECT_EQ(last_line(result.out), fmt::format("exit {}: {}", result.exit_code,
                                               document["summary"]["says"].get<std::string>()));
  const auto piped = program(with(words, {"-"}));
  EXPECT_TRUE(parse_json(piped.out, "standard output")) << piped.out;
  EXPECT_THAT(last_line(piped.err), HasSubstr(fmt::format("exit {}: ", piped.exit_code)));
}

}  // namespace
}  // namespace cni_matrix
