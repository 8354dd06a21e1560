// Binaries that mean no good: whatever they do when they are asked for their version or started,
// nothing of it is on the host during the run or after it.

#include "program.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include "run/foreign_program.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/run/runner.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <unistd.h>

namespace cni_matrix {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class Foreign : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    directory = value_or_throw(TemporaryDirectory::create());
    for (const auto* folder : {"", "bin", "plugins", "open"}) {
      fs::create_directories(directory->path() / folder);
      fs::permissions(directory->path() / folder, fs::perms::all | fs::perms::sticky_bit);
    }
    script("bin/ctr", "exit 0");
    script("bin/containerd-shim-runc-v2", "exit 0");
    script("plugins/bridge", "echo 'CNI bridge plugin version unknown' >&2");
    // A number of seconds that nobody else sleeps for.
    seconds = fmt::format("9{}{}", ::getpid(), counter++);
  }
  void TearDown() override {
    if (directory) {
      EXPECT_TRUE(none_left());
      EXPECT_TRUE(fs::is_empty(directory->path() / "open"));
    }
  }

  void script(const std::string& name, const std::string& text) const {
    const auto file = directory->path() / name;
    value_or_throw(write_file(file, "#!/bin/sh\n" + text + "\n"));
    fs::permissions(file, fs::perms(0755));
  }

  // Daemons, and a file at a place where everybody may write.
  [[nodiscard]] std::string mischief() const {
    return fmt::format(
        "touch {0}/open/touched 2>/dev/null\n"
        "setsid sleep {1} >/dev/null 2>&1 </dev/null &\n"
        "(setsid sh -c 'setsid sleep {1} &' &) >/dev/null 2>&1\n",
        directory->path().string(), seconds);
  }

  [[nodiscard]] bool is_alive() const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
      const auto line = read_file(entry.path() / "cmdline");
      if (line && line->find(seconds) != std::string::npos && line->starts_with("sleep")) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool none_left() const {
    for (int i = 0; i < 200 && is_alive(); ++i) {
      std::this_thread::sleep_for(10ms);
    }
    return !is_alive();
  }

  // As root, or as an ordinary user in a user namespace; each with a cache of its own.
  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& words) const {
    std::vector<std::string> argv;
    if (GetParam() == "user" && ::geteuid() == 0) {
      // Any user but nobody, whose id is also the one of those whom a namespace does not map.
      argv = {"setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"};
    }
    for (const auto& word :
         {std::string("env"), "CNI_MATRIX_CACHE=" + (directory->path() / "cache").string(),
          std::string("PATH=") + std::string(k_system_path), std::string(CNI_MATRIX_PROGRAM)}) {
      argv.push_back(word);
    }
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }
  [[nodiscard]] std::vector<std::string> run_words(const std::string& label = "@1.6.2") const {
    return {"run", "--containerd", "dir:" + (directory->path() / "bin").string() + label,
            "--plugins", "dir:" + (directory->path() / "plugins").string() + "@1.1.1"};
  }
  [[nodiscard]] CommandResult run(const std::vector<std::string>& words) const {
    CommandOptions options;
    options.timeout = 120s;
    return value_or_throw(run_program(command(words), options));
  }

  std::optional<TemporaryDirectory> directory;
  std::string seconds;
  inline static int counter = 0;
};

TEST_P(Foreign, ThatForksFloodsAndHangsIsEndedAndRemembered) {
  script("bin/containerd", mischief() + "head -c 10000000 /dev/zero\nsleep " + seconds);
  const auto result = run(run_words());
  EXPECT_EQ(result.exit_code, 4) << result.out;
  EXPECT_THAT(result.err, HasSubstr("it does not end"));
  EXPECT_LT(result.err.size(), 1000U);
  EXPECT_TRUE(none_left());
  const auto begin = Clock::now();
  EXPECT_EQ(run(run_words()).err, result.err);
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST_P(Foreign, DaemonsOfAVersionProbeDoNotOutliveIt) {
  script("bin/containerd",
         mischief() + "echo 'containerd github.com/containerd/containerd v1.6.4 x'");
  const auto result = run(run_words());
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("the label says 1.6.2"));
  EXPECT_THAT(result.err, HasSubstr("it is 1.6.4"));
  EXPECT_EQ(split(result.err, '\n').size(), 3U) << result.err;
}

TEST_P(Foreign, APluginIsAskedInANodeToo) {
  script("bin/containerd", "echo 'containerd github.com/containerd/containerd v1.6.2 x'");
  script("plugins/bridge", mischief() + "echo 'CNI bridge plugin v0.9.1' >&2");
  const auto result = run(run_words());
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("the label says 1.1.1"));
  EXPECT_THAT(result.err, HasSubstr("it is 0.9.1"));
}

TEST_P(Foreign, SignalsEndAProbe) {
  script("bin/containerd", mischief() + "sleep " + seconds);
  for (const int number : {SIGINT, SIGTERM}) {
    auto program = value_or_throw(BackgroundProcess::start(
        command(run_words()), fixed_environment(), directory->path() / "log"));
    for (int i = 0; i < 500 && !is_alive(); ++i) {
      std::this_thread::sleep_for(10ms);
    }
    ASSERT_TRUE(is_alive()) << read_file(directory->path() / "log").value_or("");
    program.signal(number);
    EXPECT_TRUE(program.wait(2s));
    EXPECT_TRUE(none_left());
  }
  // An end without any order, too.
  auto program = value_or_throw(BackgroundProcess::start(command(run_words()), fixed_environment(),
                                                         directory->path() / "log"));
  for (int i = 0; i < 500 && !is_alive(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  program.signal(SIGKILL);
  EXPECT_TRUE(program.wait(2s));
}

TEST_P(Foreign, TheTimeLimitEndsAProbe) {
  script("bin/containerd", mischief() + "sleep " + seconds);
  auto words = run_words();
  words.insert(words.end(), {"--timeout", "2s"});
  const auto begin = Clock::now();
  const auto result = run(words);
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_GT(Clock::now() - begin, 1900ms);
  EXPECT_THAT(result.out, HasSubstr("1 not run"));
}

// The daemon that the pause image is imported into.
TEST_P(Foreign, TheTimeLimitAndSignalsEndAnImport) {
  script("bin/containerd", "test \"$1\" = --version && exec echo 'containerd x v1.6.2 x'\n" +
                               mischief() + "exec sleep " + seconds);
  auto words = run_words();
  words.insert(words.end(), {"--runtime", "daemon"});
  auto limited = words;
  limited.insert(limited.end(), {"--timeout", "3s"});
  const auto begin = Clock::now();
  const auto result = run(limited);
  EXPECT_LT(Clock::now() - begin, 6s) << result.out << result.err;
  EXPECT_TRUE(none_left());
  auto program = value_or_throw(
      BackgroundProcess::start(command(words), fixed_environment(), directory->path() / "log"));
  for (int i = 0; i < 800 && !is_alive(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_TRUE(is_alive()) << read_file(directory->path() / "log").value_or("");
  program.signal(SIGINT);
  EXPECT_TRUE(program.wait(2s));
}

TEST_P(Foreign, AsLabelledIsInEveryReport) {
  script("bin/containerd", "echo 'containerd github.com/containerd/containerd v1.6.4 x'");
  auto words = run_words();
  words.insert(words.end(), {"--runtime", "embedded", "--trust-label", "--json",
                             (directory->path() / "run.json").string(), "--junit",
                             (directory->path() / "junit.xml").string()});
  const auto result = run(words);
  EXPECT_NE(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.out, HasSubstr("As labelled"));
  EXPECT_THAT(result.out, HasSubstr("taken for 1.1.1, and it does not tell its version"));
  EXPECT_THAT(read_file(directory->path() / "run.json").value_or(""),
              HasSubstr("\"as_labelled\":true"));
  EXPECT_THAT(read_file(directory->path() / "junit.xml").value_or(""),
              HasSubstr("plugins: 1.1.1 (as labelled)"));
}

INSTANTIATE_TEST_SUITE_P(As, Foreign, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

TEST(ForeignProgram, AnswersAsRunCommandDoes) {
  if (const auto privileges = node::check_privileges(); !privileges) {
    GTEST_SKIP() << privileges.error().message;
  }
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "program";
  value_or_throw(write_file(file, "#!/bin/sh\nprintf 'a\\377b'\necho \"$1\" >&2\nexit 7\n"));
  fs::permissions(file, fs::perms(0755));
  const auto sandbox = run::node_sandbox();
  const auto result = value_or_throw(sandbox({"program", "x"}, directory.path(), 10s));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "a\377b");
  EXPECT_EQ(result.err, "x\n");
  value_or_throw(write_file(file, "#!/bin/sh\nhead -c 10000000 /dev/zero\n"));
  const auto flood = value_or_throw(sandbox({"program"}, directory.path(), 10s));
  EXPECT_TRUE(flood.truncated);
  EXPECT_EQ(flood.out.size(), 64U << 10U);
  value_or_throw(write_file(file, "#!/none/interpreter\n"));
  const auto none = sandbox({"program"}, directory.path(), 10s);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::broken);
}

TEST(ForeignProgram, IsEndedWhenItIsCancelledOrTakesTooLong) {
  if (const auto privileges = node::check_privileges(); !privileges) {
    GTEST_SKIP() << privileges.error().message;
  }
  const auto begin = Clock::now();
  const auto late = value_or_throw(run::run_in_node({"sleep", "60"}, {}, 500ms));
  EXPECT_TRUE(late.timed_out);
  const auto cancelled =
      run::run_in_node({"sleep", "60"}, {}, 30s, [&] { return Clock::now() - begin > 1s; });
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().kind, ErrorKind::interrupted);
  EXPECT_LT(Clock::now() - begin, 5s);
}

}  // namespace
}  // namespace cni_matrix
