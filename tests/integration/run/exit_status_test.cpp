// Every command into every status that its --help names: the last line says the same as the exit
// status, whatever happened.

#include "program_test.hpp"
#include "silent_server.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include <cni_matrix/base/json.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>

#include <unistd.h>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::in_shell;
using testing_support::last_line;
using testing_support::program;
using testing_support::ProgramTest;
using testing_support::SilentServer;
using testing_support::with;
using testing_support::Words;

enum class Stream { out, err };

struct Row {
  int status;
  Words words;  // behind the command
  Stream line = Stream::out;
  std::string call = "exec \"$@\"";  // as the shell does it
};

const std::string k_to_full_disk = "exec \"$@\" >/dev/full";

constexpr auto k_before_signal = 2s;

std::string signalled(const std::string& name) {
  return fmt::format("exec timeout --foreground --preserve-status -s {} {} \"$@\"", name,
                     k_before_signal.count());
}

bool is_signalled(const Row& row) {
  return row.status == 130 || row.status == 143;
}

// What --help says that the command can end with.
std::set<int> statuses_of(const std::string& command) {
  const auto help = program({command, "--help"}).out;
  const std::string heading = "Exit status, which the last line says in words:\n";
  const auto begin = help.find(heading);
  std::set<int> statuses;
  for (const auto& line : split(help.substr(begin + heading.size()), '\n')) {
    if (line.empty()) {
      break;
    }
    if (line.find("130, 143") != std::string::npos) {
      statuses.insert({130, 143});
    } else {
      statuses.insert(std::stoi(line));
    }
  }
  return statuses;
}

class LastLine : public ProgramTest {
 protected:
  static void drive(const std::string& command, const std::vector<Row>& rows) {
    std::set<int> seen;
    for (const auto& row : rows) {
      const auto name = fmt::format("{} of {} {}", row.status, command, fmt::join(row.words, " "));
      const auto begin = std::chrono::steady_clock::now();
      const auto result = in_shell(with({command}, row.words), row.call);
      const auto took = std::chrono::steady_clock::now() - begin;
      EXPECT_EQ(result.exit_code, row.status) << name << '\n' << result.out << result.err;
      const auto& line = last_line(row.line == Stream::out ? result.out : result.err);
      EXPECT_THAT(line, HasSubstr(fmt::format("exit {}: ", row.status)))
          << name << '\n'
          << result.out << result.err;
      // The node's own command is ended by it, and tells nothing.
      if (const auto sign = row.call.find("-s "); sign != std::string::npos && command != "shell") {
        const auto signal = split(std::string_view(row.call).substr(sign + 3), ' ').front();
        EXPECT_THAT(line, HasSubstr("SIG" + signal)) << name;
      }
      if (is_signalled(row) && row.call.find("timeout ") != std::string::npos) {
        EXPECT_LT(took, k_before_signal + 2s) << name;
      }
      seen.insert(row.status);
    }
    EXPECT_EQ(seen, statuses_of(command)) << command;
  }

  // A command that is quick by itself waits for a reader that does not read.
  [[nodiscard]] std::string stuck(const std::string& signal) const {
    return fmt::format(
        "rm -f {0}; mkfifo {0}; exec 3<>{0}; "
        "dd if=/dev/zero of={0} oflag=nonblock bs=4096 2>/dev/null; {1} >&3",
        path("pipe"), signalled(signal));
  }
  [[nodiscard]] std::vector<Row> stuck_rows(const Words& words) const {
    return {{130, words, Stream::err, stuck("INT")}, {143, words, Stream::err, stuck("TERM")}};
  }

  // Before a call: with a cache in which nothing is yet.
  [[nodiscard]] std::string fresh() const {
    return fmt::format("export CNI_MATRIX_CACHE={}; ", path("cache"));
  }

  // Behind `run`: the cell that passes.
  [[nodiscard]] Words passing(const Words& more = {}) const {
    return with({cell.begin() + 1, cell.end()}, more);
  }
  // One cell of this scenario, saved as NAME.json.
  [[nodiscard]] Words of(const std::string& name, const std::string& steps,
                         const Words& more = {}) const {
    return with(
        passing({"--scenario", scenario(name + "-steps", steps), "--json", path(name + ".json")}),
        more);
  }
  [[nodiscard]] std::string saved_as(const std::string& name) const { return path(name + ".json"); }

  // A saved run in which that cell has another verdict.
  [[nodiscard]] std::string with_verdict(const std::string& saved, const char* verdict) const {
    auto run = value_or_throw(load_json(saved_as(saved)));
    run["cells"][0]["verdict"] = verdict;
    auto file = path(fmt::format("{}-{}.json", saved, verdict));
    value_or_throw(write_file(file, run.dump()));
    return file;
  }
};

constexpr const char* k_fails =
    R"({"step": "fault", "plugin": "portmap", "on": "ADD", "do": "fail", "code": 11, "message": "no"},
       {"step": "run"})";
// The plugin says that it has cleaned up.
constexpr const char* k_leaks =
    R"({"step": "fault", "plugin": "bridge", "on": "DEL", "do": "exit", "status": 0},
       {"step": "run"}, {"step": "stop"}, {"step": "remove"})";
constexpr const char* k_hangs =
    R"({"step": "fault", "plugin": "portmap", "on": "ADD", "do": "hang"}, {"step": "run"})";
constexpr const char* k_mistaken = R"({"step": "run"}, {"step": "replace-runtime", "to": "0.9.0"})";
const Words k_much = {"--repeat", "100000"};
const Words k_absent = {"--containerd", "release:1.0.0", "--plugins", "debian:bookworm",
                        "--offline"};

// `report` is driven with what `run` has saved.
TEST_F(LastLine, OfRunAndReport) {
  const auto save = [&](const std::string& name) { return Words{"--json", saved_as(name)}; };
  drive("run", {
                   {0, passing(save("pass"))},
                   {0, passing({"--json", "-"}), Stream::err},
                   {1, of("fail", k_fails)},
                   {1, of("leak", k_leaks)},
                   {1, passing(with(save("modelled"), {"--fail-on", "modelled"}))},
                   {2, {}, Stream::err},
                   {2, {"--nope"}, Stream::err},
                   {2, passing({"--scenario", "nope"}), Stream::err},
                   {2, of("mistaken", k_mistaken), Stream::err},
                   {3, of("broken", k_hangs, {"--cell-timeout", "2s"})},
                   {3, passing({"--json", "/dev/full"})},
                   {3, passing(), Stream::err, k_to_full_disk},
                   {4, with(k_absent, with(save("skip"), {"--runtime", "daemon"}))},
                   {124, passing(with(k_much, with(save("late"), {"--timeout", "2s"})))},
                   {130, passing(with(k_much, save("int"))), Stream::out, signalled("INT")},
                   {143, passing(with(k_much, save("term"))), Stream::out, signalled("TERM")},
               });
  const auto pass = value_or_throw(read_file(saved_as("pass")));
  value_or_throw(write_file(saved_as("killed"), pass.substr(0, pass.find("\"summary\""))));
  drive("report",
        {
            {0, {saved_as("pass")}},
            {0, {saved_as("pass"), "--format", "json"}, Stream::err},
            {1, {saved_as("fail")}},
            {1, {saved_as("leak")}},
            {1, {saved_as("modelled")}},
            {2, {saved_as("none")}, Stream::err},
            {2, {saved_as("pass"), "--format", "nope"}, Stream::err},
            {3, {saved_as("broken")}},
            {3, {saved_as("pass")}, Stream::err, k_to_full_disk},
            {3, {saved_as("pass"), "--format", "json", "--output", "/dev/full"}, Stream::err},
            {4, {saved_as("skip")}},
            {5, {saved_as("killed")}},
            {124, {saved_as("late")}},
            {130, {saved_as("int")}},
            {143, {saved_as("term")}},
            {130, {saved_as("pass")}, Stream::err, stuck("INT")},
            {143, {saved_as("pass")}, Stream::err, stuck("TERM")},
        });
}

TEST_F(LastLine, OfARunBesideItsBaselineAndOfDiff) {
  const auto expect = [&](int status, const Words& words) {
    const auto result = program(with(cell, words));
    EXPECT_EQ(result.exit_code, status) << result.out << result.err;
    EXPECT_THAT(last_line(result.out), HasSubstr(fmt::format("exit {}: ", status)));
  };
  expect(0, {"--json", saved_as("pass")});
  expect(0, {"--baseline", saved_as("pass")});
  expect(0, {"--baseline", with_verdict("pass", "known")});  // known to pass is no worse
  expect(0, {"--baseline", with_verdict("pass", "fail")});
  // Worse, though nothing failed: the cell is skipped now.
  const auto absent = with({"run", "--runtime", "daemon"}, k_absent);
  ASSERT_EQ(program(with(absent, {"--json", saved_as("skip")})).exit_code, 4);
  const auto worse = program(with(absent, {"--baseline", with_verdict("skip", "pass")}));
  EXPECT_EQ(worse.exit_code, 1) << worse.out << worse.err;
  EXPECT_THAT(last_line(worse.out), HasSubstr("exit 1: "));
  // Only what was selected is compared: the baseline has more.
  expect(0, {"--scenario", "lifecycle,restart-runtime", "--json", saved_as("two")});
  expect(0, {"--baseline", saved_as("two")});
  const auto other = with(cell, {"--scenario", "restart-runtime", "--json", saved_as("other")});
  ASSERT_EQ(program(other).exit_code, 0);
  auto rows = stuck_rows({saved_as("pass"), saved_as("pass")});
  rows.insert(rows.end(),
              {
                  {0, {saved_as("pass"), saved_as("pass")}, Stream::err},
                  {1, {saved_as("pass"), with_verdict("pass", "fail")}, Stream::err},
                  {1, {saved_as("pass"), with_verdict("pass", "leak")}, Stream::err},
                  {2, {saved_as("pass"), saved_as("none")}, Stream::err},
                  {3, {saved_as("pass"), saved_as("pass")}, Stream::err, k_to_full_disk},
                  {4, {saved_as("pass"), saved_as("other")}, Stream::err},
              });
  drive("diff", rows);
}

// Model and daemon disagree where the daemon is not what its label says.
TEST_F(LastLine, OfVerifyEmbedded) {
  const Words both = {"--containerd", "debian:bookworm", "--plugins", "debian:bookworm"};
  const auto real = program(with(
      {"run", "--runtime", "daemon", "--cni-version", "1.0.0", "--json", saved_as("real")}, both));
  if (real.exit_code != 0) {
    GTEST_SKIP() << "there is no real containerd: " << real.out << real.err;
  }
  const auto run = value_or_throw(load_json(saved_as("real")));
  const auto stack = run["cells"][0]["containerd"]["directory"].get<std::string>();
  const Words mislabelled = {"--containerd",
                             fmt::format("dir:{}@1.4.13", stack),
                             "--trust-label",
                             "--plugins",
                             "debian:bookworm",
                             "--cni-version",
                             "none"};
  const auto hangs = scenario("hangs", k_hangs);
  const auto one = with(both, {"--cni-version", "1.0.0"});
  const auto all = with(both, {"--all-scenarios"});
  drive("verify-embedded", {
                               {0, one},
                               {0, with(one, {"--json", "-"}), Stream::err},
                               {1, mislabelled},
                               {2, {}, Stream::err},
                               {2, with(one, {"--scenario", "nope"}), Stream::err},
                               {3, with(one, {"--scenario", hangs, "--cell-timeout", "3s"})},
                               {3, with(one, {"--json", "/dev/full"})},
                               {3, one, Stream::err, k_to_full_disk},
                               {4, with(one, {"--offline"}), Stream::out, fresh() + "exec \"$@\""},
                               {124, with(all, {"--timeout", "3s"})},
                               {130, all, Stream::out, signalled("INT")},
                               {143, all, Stream::out, signalled("TERM")},
                           });
}

TEST_F(LastLine, OfFetchAndStore) {
  const Words plugins = {"--plugins", "debian:bookworm"};
  const SilentServer server;
  const Words slow = {"--containerd", "release:1.6.2", "--mirror", server.url("http")};
  std::vector<Row> rows = {
      {0, plugins},
      {2, {}, Stream::err},
      {2, {"--plugins", "bogus"}, Stream::err},
      {3, plugins, Stream::err, k_to_full_disk},
      {5, k_absent},
      {130, slow, Stream::out, fresh() + signalled("INT")},
      {143, slow, Stream::out, fresh() + signalled("TERM")},
      {143, slow, Stream::out, fresh() + signalled("HUP")},
  };
  if (::geteuid() == 0) {
    // A disk that is full before the archive's index is read.
    fs::create_directory(path("small"));
    const auto small = fmt::format(
        "exec unshare --mount sh -c 'mount -t tmpfs -o size=1m,mode=755 tmpfs {0} && "
        "CNI_MATRIX_CACHE={0} exec \"$@\"' sh \"$@\"",
        path("small"));
    rows.push_back({3, plugins, Stream::err, small});
  }
  drive("fetch", rows);
  // A cache of its own: nothing is pruned that is anybody's.
  const auto in_use =
      fmt::format("{}mkdir -p {}/store {}/locks; exec flock --shared {}/locks/store.lock \"$@\"",
                  fresh(), path("cache"), path("cache"), path("cache"));
  rows = stuck_rows({"list"});
  rows.insert(rows.end(), {
                              {0, {"list"}},
                              {0, {"list", "--json"}, Stream::err},
                              {0, {"prune"}, Stream::out, fresh() + "exec \"$@\""},
                              {2, {"prune"}, Stream::err, in_use},
                              {2, {"prune", "--unused-for", "-1"}, Stream::err},
                              {2, {}, Stream::err},
                              {3, {"list"}, Stream::err, k_to_full_disk},
                              {3, {"prune"}, Stream::err, fresh() + k_to_full_disk},
                          });
  drive("store", rows);
}

TEST_F(LastLine, OfPlanListAndExplain) {
  auto rows = stuck_rows({"default"});
  rows.insert(rows.end(), {
                              {0, {"default"}},
                              {0, {"default", "--json"}, Stream::err},
                              {2, {path("none.json")}, Stream::err},
                              {2, {"default", "--cell", "nothing"}, Stream::err},
                              {3, {"default"}, Stream::err, k_to_full_disk},
                          });
  drive("plan", rows);
  rows = stuck_rows({"scenarios"});
  rows.insert(rows.end(), {
                              {0, {"probes"}, Stream::err},
                              {2, {"nope"}, Stream::err},
                              {3, {"probes"}, Stream::err, k_to_full_disk},
                          });
  drive("list", rows);
  rows = stuck_rows({});
  rows.insert(rows.end(), {
                              {0, {"F02"}},
                              {0, {"--json"}, Stream::err},
                              {2, {"F999"}, Stream::err},
                              {3, {}, Stream::err, k_to_full_disk},
                          });
  drive("explain", rows);
  const auto nothing = program({"nope"});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_THAT(last_line(nothing.err), HasSubstr("exit 2: "));
}

TEST_F(LastLine, OfCompat) {
  const Words works = {"--containerd", "1.6.20", "--plugins", "1.1.1"};
  const Words nothing_works = {"--containerd", "1.6.3", "--plugins", "0.9.1"};
  auto rows = stuck_rows(works);
  rows.insert(rows.end(), {
                              {0, works},
                              {0, with(works, {"--json"}), Stream::err},
                              {0, {"--page"}, Stream::err},
                              {1, nothing_works},
                              {1, with(works, {"--cni-version", "1.0.0,1.1.0"})},
                              {1, {"--containerd", "1.6.3,1.6.4,9.0.0", "--plugins", "0.9.1"}},
                              {2, {}, Stream::err},
                              {2, with(works, {"--page"}), Stream::err},
                              {2, {"--containerd", "nope", "--plugins", "1.1.1"}, Stream::err},
                              {2, {"--record", path("none.json")}, Stream::err},
                              {3, works, Stream::err, k_to_full_disk},
                              {4, {"--containerd", "9.0.0", "--plugins", "1.9.1"}},
                              {4, {"--containerd", "1.6.20,9.0.0", "--plugins", "1.9.1"}},
                          });
  drive("compat", rows);
}

// As `report` and `run` say it of the same run.
TEST_F(LastLine, OfAReportIsThatOfTheRun) {
  const auto ran = program(with(cell, {"--json", path("run.json"), "--quiet"}));
  const auto shown = program({"report", path("run.json"), "--quiet"});
  EXPECT_EQ(ran.out, shown.out);
}

// In a node that a run keeps. The number of what was run there is not in --help.
TEST_F(LastLine, OfShell) {
  auto run = value_or_throw(BackgroundProcess::start(
      with({CNI_MATRIX_PROGRAM}, with(cell, {"--keep"})),
      with(fixed_environment(), {"CNI_MATRIX_CACHE=" + cache_directory().string()}), path("log")));
  const std::string sign = "cni-matrix shell ";
  std::string log;
  for (int i = 0; i < 3000 && run.running() && log.find("exit 0: ") == std::string::npos &&
                  log.find(sign) == std::string::npos;
       ++i) {
    ::usleep(10'000);
    log = value_or_throw(read_file(path("log")));
  }
  const auto place = log.find(sign);
  ASSERT_NE(place, std::string::npos) << log;
  const auto number = std::to_string(std::stoi(log.substr(place + sign.size())));
  drive("shell", {
                     {0, {number, "true"}, Stream::err},
                     {2, {"1"}, Stream::err},
                     {3, {number, "true"}, Stream::err, "exec prlimit --nproc=1 \"$@\""},
                     {130, {number, "sleep", "60"}, Stream::err, signalled("INT")},
                     {143, {number, "sleep", "60"}, Stream::err, signalled("TERM")},
                 });
  const auto own = program({"shell", number, "--", "sh", "-c", "exit 7"});
  EXPECT_EQ(own.exit_code, 7) << own.err;
  EXPECT_THAT(last_line(own.err), HasSubstr("exit 7: "));
  run.signal(SIGINT);
  EXPECT_TRUE(run.wait(10s));
}

}  // namespace
}  // namespace cni_matrix
