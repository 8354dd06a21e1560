// What a plugin does to the processes and records of its cell, or somebody to its worker: the
// verdict is never a pass, and the trace tells of the calls that there were.

#include "host.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace cni_matrix::hostile_tests {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Verdict : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto reason = cannot_be(GetParam())) {
      GTEST_SKIP() << *reason;
    }
    host.emplace(GetParam());
  }

  // The one cell of a run with that deed; null, with a failure, where there is none.
  [[nodiscard]] nlohmann::json cell_of(const std::string& deed, const Words& more = {}) const {
    CommandResult said;
    const auto run = host->run_plugin(deed, more, &said);
    if (!run.is_object() || run.at("cells").empty()) {
      ADD_FAILURE() << deed << ": " << said.out << said.err;
      return {};
    }
    return run.at("cells").front();
  }

  // Who was called and how it ended; not how loopback and the plugin's words interleave.
  static std::vector<std::string> calls_of(const nlohmann::json& cell) {
    std::vector<std::string> calls;
    for (const auto& call : cell.value("trace", nlohmann::json::array())) {
      calls.push_back(fmt::format("{} {} {} {}", call.value("plugin", ""),
                                  call.value("command", ""), call.value("exit_code", -1),
                                  call.value("finished", false)));
    }
    return calls;
  }

  std::optional<Host> host;
};

TEST_P(Verdict, OfAPluginThatKillsEveryProcessItSees) {
  const auto cell = cell_of("kill-all");
  EXPECT_EQ(cell.value("verdict", ""), "fail") << cell.dump(1).substr(0, 2000);
}

TEST_P(Verdict, OfAPrivilegedPluginThatKillsEveryProcessItSees) {
  if (GetParam() != "root" || !has_privileged()) {
    GTEST_SKIP() << "only root has privileged nodes";
  }
  const auto cell = cell_of("kill-all", {"--privileged"});
  EXPECT_EQ(cell.value("verdict", ""), "fail") << cell.dump(1).substr(0, 2000);
}

TEST_P(Verdict, OfAPluginThatKillsTheRecorder) {
  const auto cell = cell_of("kill-recorder");
  EXPECT_EQ(cell.value("verdict", ""), "fail") << cell.dump(1).substr(0, 2000);
}

// A runtime attaches a pod's networks in parallel, so their order says nothing.
std::vector<std::string> sorted(std::vector<std::string> calls) {
  std::sort(calls.begin(), calls.end());
  return calls;
}

TEST_P(Verdict, OfAPluginThatForgesRecords) {
  const auto honest = cell_of("nothing");
  ASSERT_EQ(honest.value("verdict", ""), "pass") << honest.dump(1).substr(0, 2000);
  const auto cell = cell_of("forge-trace");
  for (const auto& call : cell.value("trace", nlohmann::json::array())) {
    EXPECT_NE(call.value("plugin", ""), "forged") << call.dump(1);
  }
  EXPECT_EQ(sorted(calls_of(cell)), sorted(calls_of(honest)));
}

// That the records cannot be taken away, or that it is seen.
TEST_P(Verdict, OfAPluginThatTakesRecordsAway) {
  const auto honest = sorted(calls_of(cell_of("nothing")));
  for (const auto* deed : {"delete-trace", "cover-trace", "replace-recorder"}) {
    const auto cell = cell_of(deed);
    if (sorted(calls_of(cell)) != honest) {
      EXPECT_NE(cell.value("verdict", ""), "pass")
          << deed << ": " << fmt::format("{}", fmt::join(calls_of(cell), ", "));
    }
  }
}

// The worker starts programs of the system. A plugin's own must not come before them.
TEST_P(Verdict, OfAPluginThatReplacesProgramsOfTheSystem) {
  const auto cell = cell_of("replace-programs");
  bool called = false;
  for (const auto& call : cell.value("trace", nlohmann::json::array())) {
    const auto said = call.value("error_output", "");
    called = called || call.value("plugin", "") == "hostile";
    EXPECT_EQ(said.find("sees the worker"), std::string::npos) << said;
  }
  EXPECT_TRUE(called || cell.value("verdict", "") != "pass") << cell.dump(1).substr(0, 2000);
}

pid_t parent_of(pid_t pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
  const auto close = stat.rfind(')');
  return close == std::string::npos ? 0 : std::atoi(stat.c_str() + close + 4);
}

// Below `root`, by the name that the kernel shows.
pid_t descendant(pid_t root, const std::string& name) {
  std::error_code error;
  for (auto entry = fs::directory_iterator("/proc", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const pid_t pid = std::atoi(entry->path().filename().c_str());
    if (pid <= 0 || trim(read_file(entry->path() / "comm").value_or("")) != name) {
      continue;
    }
    for (pid_t above = pid; above > 1; above = parent_of(above)) {
      if (above == root) {
        return pid;
      }
    }
  }
  return 0;
}

// What the cell's verdict is when its worker gets that signal in the middle of an ADD.
nlohmann::json cell_whose_worker_gets(const Host& host, int signal) {
  auto run = value_or_throw(BackgroundProcess::start(host.as_user(host.run_words("stay")),
                                                     host.environment(), host.folder() / "log"));
  pid_t worker = 0;
  // Not before it has come to call the plugin, which sleeps.
  for (int i = 0; i < 1000 && run.running(); ++i) {
    worker = descendant(run.pid(), "cni-matrix-work");
    if (worker != 0 && descendant(run.pid(), "hostile") != 0) {
      break;
    }
    std::this_thread::sleep_for(10ms);
  }
  if (worker == 0 || ::kill(worker, signal) != 0 || !run.wait(30s)) {
    ADD_FAILURE() << "no worker was hit: " << read_file(host.folder() / "log").value_or("");
    return {};
  }
  const auto saved =
      nlohmann::json::parse(read_file(host.folder() / "out/run.json").value_or(""), nullptr, false);
  if (!saved.is_object() || saved.at("cells").empty()) {
    ADD_FAILURE() << read_file(host.folder() / "log").value_or("");
    return {};
  }
  return saved.at("cells").front();
}

TEST_P(Verdict, OfAKilledWorkerIsFail) {
  const auto cell = cell_whose_worker_gets(*host, SIGKILL);
  EXPECT_EQ(cell.value("verdict", ""), "fail") << cell.value("reason", "");
}

TEST_P(Verdict, OfACrashedWorkerIsBroken) {
  const auto cell = cell_whose_worker_gets(*host, SIGSEGV);
  EXPECT_EQ(cell.value("verdict", ""), "broken") << cell.value("reason", "");
}

INSTANTIATE_TEST_SUITE_P(As, Verdict, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cni_matrix::hostile_tests
