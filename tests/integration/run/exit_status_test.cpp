// Every command into every status that it can be brought to here: the last line says the same as
// the exit status, whatever happened.

#include "program.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::program;
using testing_support::Words;

std::string last_line(const std::string& text) {
  const auto lines = split(trim(text), '\n');
  return lines.back();
}

class LastLine : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    directory = value_or_throw(TemporaryDirectory::create());
    const auto fetched = program({"fetch", "--plugins", "debian:bookworm"});
    if (fetched.exit_code != 0) {
      GTEST_SKIP() << fetched.out << fetched.err;
    }
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory->path() / name).string();
  }

  // A run of one modelled cell, which passes; `more` goes behind.
  [[nodiscard]] static Words one_cell(const Words& more = {}) {
    Words words{"run",       "--containerd",    "1.6.20",        "--runtime", "embedded",
                "--plugins", "debian:bookworm", "--cni-version", "1.0.0"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // The status, and the last line of standard output, or of standard error where output carries
  // data or nothing was run.
  static void expect(int status, const Words& words, bool on_error = false,
                     const Words& environment = {}) {
    const auto result = program(words, environment);
    EXPECT_EQ(result.exit_code, status) << result.out << result.err;
    EXPECT_THAT(last_line(on_error ? result.err : result.out),
                HasSubstr(fmt::format("exit {}: ", status)))
        << result.out << result.err;
  }

  std::optional<TemporaryDirectory> directory;
};

TEST_F(LastLine, OfRun) {
  expect(0, one_cell({"--json", path("pass.json")}));
  // Of the plugins' own doing: 1.0.0 is newer than they are.
  expect(2, one_cell({"--scenario", "nope"}), true);
  expect(2, {"run"}, true);
  expect(2, {"run", "--nope"}, true);
  expect(3, one_cell({"--json", "/dev/full"}));
  expect(4, {"run", "--containerd", "release:1.0.0", "--plugins", "debian:bookworm", "--runtime",
             "daemon", "--offline"});
  expect(0, one_cell({"--json", "-"}), true);
  expect(1, one_cell({"--fail-on", "modelled"}));
  expect(124, one_cell({"--repeat", "100000", "--timeout", "2s"}));
}

TEST_F(LastLine, OfARunBesideItsBaseline) {
  expect(0, one_cell({"--json", path("pass.json")}));
  expect(0, one_cell({"--baseline", path("pass.json")}));
  auto run = value_or_throw(load_json(path("pass.json")));
  run["cells"][0]["verdict"] = "known";
  value_or_throw(write_file(path("known.json"), run.dump()));
  expect(0, one_cell({"--baseline", path("known.json")}));  // known to pass is no worse
  run["cells"][0]["verdict"] = "fail";
  value_or_throw(write_file(path("fail.json"), run.dump()));
  expect(0, one_cell({"--baseline", path("fail.json")}));
  // Only what was selected is compared: the baseline has more.
  auto more = value_or_throw(load_json(path("pass.json")));
  expect(0, one_cell({"--scenario", "lifecycle,restart-runtime", "--json", path("two.json")}));
  expect(0, one_cell({"--baseline", path("two.json")}));
}

TEST_F(LastLine, OfOthers) {
  expect(0, one_cell({"--json", path("run.json")}));
  const auto saved = path("run.json");
  expect(0, {"report", saved});
  expect(3, {"report", saved, "--format", "json", "--output", "/dev/full"}, true);
  expect(2, {"report", path("none.json")}, true);
  expect(0, {"diff", saved, saved}, true);
  expect(2, {"diff", saved, path("none.json")}, true);
  auto worse = value_or_throw(load_json(saved));
  worse["cells"][0]["verdict"] = "fail";
  value_or_throw(write_file(path("worse.json"), worse.dump()));
  expect(1, {"diff", saved, path("worse.json")}, true);
  expect(0, {"plan", "default"});
  expect(0, {"plan", "default", "--json"}, true);
  expect(2, {"plan", path("none.json")}, true);
  expect(0, {"list", "probes"}, true);
  expect(2, {"list", "nope"}, true);
  expect(2, {"explain", "F999"}, true);
  expect(2, {"shell", "1"}, true);
  expect(2, {"nope"}, true);
  expect(5,
         {"fetch", "--containerd", "release:1.0.0", "--plugins", "debian:bookworm", "--offline"});
  expect(2, {"fetch"}, true);
  expect(4, {"verify-embedded", "--containerd", "release:1.6.2", "--plugins", "debian:bookworm",
             "--offline"});
}

// As `report` and `run` say it of the same run.
TEST_F(LastLine, OfAReportIsThatOfTheRun) {
  const auto ran = program(one_cell({"--json", path("run.json"), "--quiet"}));
  const auto shown = program({"report", path("run.json"), "--quiet"});
  EXPECT_EQ(ran.out, shown.out);
}

TEST_F(LastLine, OfWhatASignalEnds) {
  for (const auto& [number, status] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const auto out = path("out");
    const pid_t child = ::fork();
    if (child == 0) {
      const int fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(fd, STDOUT_FILENO);
      ::dup2(fd, STDERR_FILENO);
      auto words = one_cell({"--repeat", "100000"});
      words.insert(words.begin(), CNI_MATRIX_PROGRAM);
      std::vector<char*> argv;
      for (auto& word : words) {
        argv.push_back(word.data());
      }
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    std::this_thread::sleep_for(1500ms);
    ::kill(child, number);
    const auto begin = std::chrono::steady_clock::now();
    int ended = 0;
    ::waitpid(child, &ended, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_EQ(WEXITSTATUS(ended), status);
    EXPECT_THAT(last_line(value_or_throw(read_file(out))),
                HasSubstr(fmt::format("exit {}: ", status)));
  }
}

}  // namespace
}  // namespace cni_matrix
