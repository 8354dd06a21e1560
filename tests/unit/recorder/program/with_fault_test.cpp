// Faults that are placed while stand-in plugins are called: what the caller gets, what the plugin
// did, and what the trace says of both.

#include "recorder_fixture.hpp"

#include "recorder/refusal.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace cni_matrix::recorder {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class FaultTest : public RecorderTest {
 protected:
  // A plugin that leaves a mark of every run, and answers with what it read.
  FaultTest() { add_plugin("bridge", "cat; echo ran >> \"$BIN/../marks\"; echo noise >&2"); }

  [[nodiscard]] fs::path faults() const { return root() / "faults"; }
  [[nodiscard]] std::string marks() const {
    return fs::exists(root() / "marks") ? value_or_throw(read_file(root() / "marks")) : "";
  }

  void place(std::string_view text) {
    value_or_throw(place_fault(
        faults(), value_or_throw(fault_from_json(value_or_throw(parse_json(text, "test")), "test")),
        root() / "counts"));
  }

  CommandResult call(std::string_view input = k_config) { return run(recorded("bridge"), input); }

  // Within 20 seconds.
  template <typename Condition>
  static bool soon(Condition condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) {
        return true;
      }
      ::usleep(10'000);
    }
    return false;
  }

  // A process that stands for the runtime; it dies with us.
  static pid_t start_runtime() {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) {
        ::pause();
      }
    }
    return pid;
  }
};

TEST_F(FaultTest, FailGivesAnErrorObjectAndDoesNotRunThePlugin) {
  place(R"({"plugin":"bridge","on":"ADD","do":"fail","code":11,"message":"try \"again\"\nlater"})");
  const CommandResult result = call();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(value_or_throw(parse_json(result.out, "output")),
            (Json{{"cniVersion", "1.0.0"}, {"code", 11}, {"msg", "try \"again\"\nlater"}}));
  EXPECT_EQ(marks(), "");

  const PluginCall seen = only_call();
  EXPECT_EQ(seen.fault, "fail");
  EXPECT_EQ(seen.command, "ADD");
  EXPECT_EQ(seen.input, k_config);
  EXPECT_EQ(seen.output, result.out);
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.withheld, "");
}

TEST_F(FaultTest, FailIsOfTheConfigurationsVersion) {
  place(R"({"plugin":"bridge","call":0,"do":"fail"})");
  const auto version = [this](std::string_view input) {
    return value_or_throw(parse_json(call(input).out, "output")).value("cniVersion", "none");
  };
  EXPECT_EQ(version(R"({"cniVersion":"0.4.0"})"), "0.4.0");
  EXPECT_EQ(version(R"( { "name" : "a" , "cniVersion" : "1.1.0-rc+1" } )"), "1.1.0-rc+1");
  EXPECT_EQ(version(R"({"name":"\"cniVersion\":\"7\"","cniVersion":"0.3.1"})"), "0.3.1");
  EXPECT_EQ(version(R"({"a":{"cniVersion":"7"},"b":["cniVersion","7"],"cniVersion":"0.3.1"})"),
            "0.3.1");
  EXPECT_EQ(version(R"({"cniVersion":"0.3.1","prevResult":{"cniVersion":"7"}})"), "0.3.1");
  EXPECT_EQ(version(R"({"cniVersion":"0.3.0","cniVersion":"0.3.1"})"), "0.3.1");
  EXPECT_EQ(version(R"({"name":"cniVersion","x":"7"})"), "1.0.0");
  EXPECT_EQ(version(R"({"cniVersion":["7"]})"), "1.0.0");
  EXPECT_EQ(version(R"({"cniVersion":7,"x":"8"})"), "1.0.0");
  EXPECT_EQ(version(R"({"cniVersion":"","x":"8"})"), "1.0.0");
  EXPECT_EQ(version(R"({"cniVersion":"1\"}"})"), "1.0.0");
  EXPECT_EQ(version(R"({"cniVersion":"01234567890123456789012345678901"})"), "1.0.0");
  EXPECT_EQ(version(R"({"cniVersion":"0123456789012345678901234567890"})"),
            "0123456789012345678901234567890");
  EXPECT_EQ(version(R"(["cniVersion","7"])"), "1.0.0");
  EXPECT_EQ(version(""), "1.0.0");
  EXPECT_EQ(version(R"({"name":")" + std::string(300'000, 'x') + R"(","cniVersion":"0.2.0"})"),
            "0.2.0");
}

TEST_F(FaultTest, FailAfterLeavesTheStateBehind) {
  place(R"({"plugin":"bridge","do":"fail-after","code":7,"message":"m","details":"d"})");
  const CommandResult result = call(R"({"cniVersion":"0.4.0"})");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, R"({"cniVersion":"0.4.0","code":7,"msg":"m","details":"d"})");
  EXPECT_EQ(result.err, "noise\n");
  EXPECT_EQ(marks(), "ran\n");
  const PluginCall seen = only_call();
  EXPECT_EQ(seen.fault, "fail-after");
  EXPECT_EQ(seen.output, result.out);
  EXPECT_EQ(seen.withheld, R"({"cniVersion":"0.4.0"})");
  EXPECT_EQ(seen.error_output, "noise\n");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_TRUE(seen.finished);
}

TEST_F(FaultTest, ExitHasNoOutput) {
  place(R"({"plugin":"bridge","do":"exit"})");
  place(R"({"plugin":"bridge","call":2,"do":"exit","status":77})");
  for (const int status : {1, 77}) {
    const CommandResult result = call();
    EXPECT_EQ(result.exit_code, status);
    EXPECT_EQ(result.out + result.err, "");
  }
  EXPECT_EQ(marks(), "");
  ASSERT_THAT(trace(), SizeIs(2));
  EXPECT_EQ(trace()[1].exit_code, 77);
  EXPECT_EQ(trace()[1].fault, "exit");
}

TEST_F(FaultTest, TextIsPrintedAsItIs) {
  place(R"({"plugin":"bridge","do":"text","text":"{\n not JSON {{cniVersion} \u00e9"})");
  place(
      R"({"plugin":"bridge","call":2,"do":"text","text":"{{cniVersion}}-{{cniVersion}}","status":3})");
  place(R"({"plugin":"bridge","call":3,"do":"text","text":""})");
  EXPECT_EQ(call().out, "{\n not JSON {{cniVersion} \xC3\xA9");
  const CommandResult second = call(R"({"cniVersion":"0.3.1"})");
  EXPECT_EQ(second.out, "0.3.1-0.3.1");
  EXPECT_EQ(second.exit_code, 3);
  const CommandResult third = call();
  EXPECT_EQ(third.out, "");
  EXPECT_EQ(third.exit_code, 0);
  EXPECT_EQ(marks(), "");
  EXPECT_EQ(trace()[1].output, "0.3.1-0.3.1");
  EXPECT_EQ(trace()[1].fault, "text");
}

TEST_F(FaultTest, TextAfterReplacesTheOutput) {
  place(R"({"plugin":"bridge","do":"text-after","text":"<{{cniVersion}}>"})");
  const CommandResult result = call();
  EXPECT_EQ(result.out, "<1.0.0>");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(marks(), "ran\n");
  EXPECT_EQ(only_call().output, "<1.0.0>");
  EXPECT_EQ(only_call().withheld, k_config);
}

TEST_F(FaultTest, AFloodIsSixtyFourMebibytes) {
  place(R"({"plugin":"bridge","do":"flood"})");
  CommandOptions options;
  options.environment = environment();
  options.input = k_config;
  options.output_limit = 128U << 20U;
  const auto result = value_or_throw(run_program({recorded("bridge")}, options));
  EXPECT_EQ(result.out.size(), 64U << 20U);
  EXPECT_EQ(result.out.find_first_not_of('x'), std::string::npos);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(marks(), "");
  const PluginCall seen = only_call();
  EXPECT_EQ(seen.output, std::string(1U << 20U, 'x'));
  EXPECT_TRUE(seen.truncated);
  EXPECT_TRUE(seen.finished);
}

TEST_F(FaultTest, AFloodThatNobodyReadsEnds) {
  place(R"({"plugin":"bridge","do":"flood"})");
  Pipe input;
  Pipe output;
  const pid_t pid = start("bridge", input.read.get(), output.write.get());
  input.write.reset();
  output.write.reset();
  output.read.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_TRUE(only_call().finished);
}

TEST_F(FaultTest, StderrComesBeforeThePlugins) {
  place(R"({"plugin":"bridge","do":"stderr","text":"a warning {{cniVersion}}\n"})");
  const CommandResult result = call();
  EXPECT_EQ(result.err, "a warning {{cniVersion}}\nnoise\n");
  EXPECT_EQ(result.out, k_config);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(marks(), "ran\n");
  EXPECT_EQ(only_call().error_output, result.err);
  EXPECT_EQ(only_call().fault, "stderr");
}

TEST_F(FaultTest, AHangEndsOnlyByASignal) {
  place(R"({"plugin":"bridge","call":0,"do":"hang"})");
  std::size_t calls = 0;
  for (const int signal : {SIGKILL, SIGTERM}) {
    ++calls;
    Pipe input;
    Pipe output;
    const pid_t pid = start("bridge", input.read.get(), output.write.get());
    ASSERT_EQ(::write(input.write.get(), "{}", 2), 2);
    input.write.reset();
    output.write.reset();
    EXPECT_TRUE(
        soon([this, calls] { return trace().size() == calls && trace().back().input == "{}"; }));
    pollfd ended = {output.read.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 200), 0);
    ::kill(pid, signal);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_EQ(read_to_end(output.read.get()), "");
    const PluginCall seen = trace().back();
    EXPECT_FALSE(seen.finished);
    EXPECT_EQ(seen.input, "{}");
    EXPECT_EQ(seen.fault, "hang");
  }
  EXPECT_EQ(marks(), "");
}

TEST_F(FaultTest, SlowWaitsAndRunsAsUsual) {
  place(R"({"plugin":"bridge","do":"slow","milliseconds":400})");
  const auto start_time = std::chrono::steady_clock::now();
  const CommandResult result = call();
  EXPECT_GE(std::chrono::steady_clock::now() - start_time, std::chrono::milliseconds(400));
  EXPECT_EQ(result.out, k_config);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(marks(), "ran\n");
  const PluginCall seen = only_call();
  EXPECT_EQ(seen.fault, "slow");
  EXPECT_GE(seen.end_ns - seen.start_ns, 400'000'000);
  EXPECT_EQ(call().out, k_config);  // and is over
  EXPECT_EQ(trace().back().fault, "");
}

TEST_F(FaultTest, KilledDiesWithoutOutput) {
  place(R"({"plugin":"bridge","do":"killed"})");
  const CommandResult result = call();
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_EQ(result.out + result.err, "");
  EXPECT_EQ(marks(), "");
  const PluginCall seen = only_call();
  EXPECT_EQ(seen.signal, SIGKILL);
  EXPECT_EQ(seen.exit_code, -1);
  EXPECT_EQ(seen.fault, "killed");
  EXPECT_EQ(seen.input, k_config);
}

TEST_F(FaultTest, TheRuntimeIsDeadBeforeThePluginRuns) {
  const pid_t runtime = start_runtime();
  value_or_throw(set_runtime_pid(faults(), runtime));
  add_plugin("looks", "cat; grep State /proc/" + std::to_string(runtime) + "/status");
  place(R"({"plugin":"looks","do":"kill-runtime-before"})");
  const CommandResult result = run(recorded("looks"));
  EXPECT_THAT(result.out, HasSubstr(std::string(k_config) + "State:\tZ"));  // dead, not reaped yet
  int status = 0;
  ASSERT_EQ(::waitpid(runtime, &status, 0), runtime);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  const PluginCall seen = only_call();
  EXPECT_EQ(seen.fault, "kill-runtime-before");
  EXPECT_EQ(seen.input, k_config);
  EXPECT_EQ(seen.output, result.out);
  EXPECT_TRUE(seen.finished);
}

TEST_F(FaultTest, TheRuntimeDiesAfterThePluginAndBeforeItsOutput) {
  const pid_t runtime = start_runtime();
  value_or_throw(set_runtime_pid(faults(), runtime));
  add_plugin("looks", "cat; grep State /proc/" + std::to_string(runtime) + "/status; exit 4");
  place(R"({"plugin":"looks","do":"kill-runtime-after"})");
  Pipe input;
  Pipe output;
  const pid_t pid = start("looks", input.read.get(), output.write.get());
  output.write.reset();
  ASSERT_EQ(::write(input.write.get(), "{}", 2), 2);
  input.write.reset();
  char first = 0;
  ASSERT_EQ(::read(output.read.get(), &first, 1), 1);
  int status = 0;
  // Dead by the time that the first byte comes.
  ASSERT_EQ(::waitpid(runtime, &status, WNOHANG), runtime);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_THAT(read_to_end(output.read.get()), HasSubstr("}State:\tS"));
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_EQ(only_call().fault, "kill-runtime-after");
}

// As it is in a node: the runtime holds the other ends of the plugin's streams.
TEST_F(FaultTest, ARuntimeThatCallsThePluginGetsNothingOfIt) {
  for (const char* fault : {"kill-runtime-before", "kill-runtime-after"}) {
    SCOPED_TRACE(fault);
    const std::string name = std::string("for-") + fault;
    add_plugin(name, "cat; echo error >&2; sleep 0.2; echo error >&2; echo more; echo " + name +
                         " >> \"$BIN/../marks\"; exit 6");
    place(R"({"plugin":")" + name + R"(","do":")" + fault + "\"}");
    const Pipe go;
    Pipe alive;  // the plugin holds it, so its end says that the plugin has ended
    const pid_t runtime = ::fork();
    if (runtime == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      Pipe input;
      Pipe output;
      char byte = 0;
      (void)!::read(go.read.get(), &byte, 1);
      ::fcntl(alive.write.get(), F_SETFD, 0);
      start(name, input.read.get(), output.write.get());
      output.write.reset();
      (void)!::write(input.write.get(), k_config, 5);
      ::usleep(200'000);  // it is not to die with the rest unwritten
      (void)!::write(input.write.get(), k_config + 5, std::strlen(k_config) - 5);
      input.write.reset();
      for (;;) {
        ::pause();
      }
    }
    value_or_throw(set_runtime_pid(faults(), runtime));
    ASSERT_EQ(::write(go.write.get(), "x", 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(runtime, &status, 0), runtime);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    alive.write.reset();
    EXPECT_EQ(read_to_end(alive.read.get()), "");
    const PluginCall seen = trace().back();
    EXPECT_EQ(seen.fault, fault);
    EXPECT_EQ(seen.output, "");
    EXPECT_EQ(seen.withheld, std::string(k_config) + "more\n");
    EXPECT_EQ(seen.input, k_config);
    EXPECT_TRUE(seen.finished);
    EXPECT_EQ(seen.exit_code, 6);
    EXPECT_THAT(marks(), HasSubstr(name));
  }
}

TEST_F(FaultTest, ARuntimeThatCannotBeKilledIsNoted) {
  place(R"({"plugin":"bridge","do":"kill-runtime-before"})");
  place(R"({"plugin":"bridge","call":2,"do":"kill-runtime-after"})");
  place(R"({"plugin":"bridge","call":3,"do":"kill-runtime-after"})");
  EXPECT_EQ(call().out, k_config);
  const pid_t gone = start_runtime();
  ::kill(gone, SIGKILL);
  ::waitpid(gone, nullptr, 0);
  value_or_throw(set_runtime_pid(faults(), gone));
  EXPECT_EQ(call().out, k_config);
  value_or_throw(write_file(faults() / "runtime.pid", "-1\n"));
  EXPECT_EQ(call().out, k_config);
  ASSERT_THAT(trace(), SizeIs(3));
  EXPECT_EQ(trace()[0].fault, "kill-runtime-before: runtime.pid names no process");
  EXPECT_EQ(trace()[1].fault, "kill-runtime-after: No such process");
  EXPECT_EQ(trace()[2].fault, "kill-runtime-after: runtime.pid names no process");
}

TEST_F(FaultTest, WithoutIptablesNoProgramIsFound) {
  add_plugin("masquerades", "echo \"$PATH\"; command -v ls || echo none; echo $CNI_IFNAME");
  place(R"({"plugin":"masquerades","do":"without-iptables"})");
  const std::string path = faults() / "empty";
  EXPECT_EQ(run(recorded("masquerades")).out, path + "\nnone\neth0\n");
  EXPECT_TRUE(fs::is_empty(path));
  EXPECT_EQ(only_call().fault, "without-iptables");
  EXPECT_THAT(run(recorded("masquerades")).out, HasSubstr("/bin/ls\n"));
}

TEST_F(FaultTest, OnlyTheCallThatFitsHasIt) {
  add_plugin("portmap", "cat");
  place(R"({"plugin":"bridge","on":"DEL","call":2,"do":"exit"})");
  EXPECT_EQ(call().exit_code, 0);  // ADD
  m_command = "DEL";
  EXPECT_EQ(run(recorded("portmap")).exit_code, 0);
  EXPECT_EQ(call().exit_code, 0);
  EXPECT_EQ(call().exit_code, 1);
  EXPECT_EQ(call().exit_code, 0);
  EXPECT_EQ(trace()[3].fault, "exit");
  EXPECT_EQ(trace()[4].fault, "");
}

TEST_F(FaultTest, TheThirdCall) {
  place(R"({"plugin":"bridge","call":3,"do":"exit"})");
  for (const int status : {0, 0, 1, 0, 0}) {
    EXPECT_EQ(call().exit_code, status);
  }
}

TEST_F(FaultTest, CountingStartsWhenTheFaultIsPlaced) {
  place(R"({"plugin":"bridge","call":2,"do":"exit","status":2})");
  EXPECT_EQ(call().exit_code, 0);
  place(R"({"plugin":"bridge","call":1,"do":"exit","status":3})");  // the same call is due
  place(R"({"plugin":"bridge","call":2,"do":"exit","status":4})");
  EXPECT_EQ(call().exit_code, 2);  // placed first; the others count it
  EXPECT_EQ(call().exit_code, 4);
  EXPECT_EQ(call().exit_code, 0);
}

TEST_F(FaultTest, EveryCallUntilItIsCleared) {
  value_or_throw(set_runtime_pid(faults(), ::getpid()));
  place(R"({"plugin":"bridge","call":0,"do":"exit"})");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(call().exit_code, 1);
  }
  value_or_throw(clear_faults(faults()));
  EXPECT_EQ(call().exit_code, 0);
  EXPECT_TRUE(fs::exists(faults() / "runtime.pid"));
  place(R"({"plugin":"bridge","do":"exit"})");  // counts from one again
  EXPECT_EQ(call().exit_code, 1);
  EXPECT_EQ(call().exit_code, 0);
}

TEST_F(FaultTest, OfFortyCallsAtOnceExactlyOneIsTheSeventh) {
  add_plugin("echo", "cat");
  place(R"({"plugin":"echo","call":7,"do":"exit","status":9})");
  place(R"({"plugin":"echo","call":40,"do":"exit","status":8})");
  std::vector<pid_t> recorders;
  for (int i = 0; i < 40; ++i) {
    Pipe input;
    const Pipe output;
    recorders.push_back(start("echo", input.read.get(), STDERR_FILENO));
  }
  std::vector<int> statuses;
  for (const pid_t pid : recorders) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    statuses.push_back(WEXITSTATUS(status));
  }
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 9), 1);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 8), 1);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 38);
}

TEST_F(FaultTest, ADelegatedPluginHasItsOwn) {
  add_plugin("host-local", "cat");
  add_plugin("ptp", "\"$BIN/host-local\" || echo \"IPAM failed: $?\"");
  place(R"({"plugin":"host-local","on":"ADD","do":"fail","code":11,"message":"no addresses"})");
  EXPECT_EQ(run(recorded("ptp")).out, R"({"cniVersion":"1.0.0","code":11,"msg":"no addresses"})"
                                      "IPAM failed: 1\n");
  const auto calls = trace();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].fault, "");
  EXPECT_EQ(calls[1].fault, "fail");
  EXPECT_TRUE(calls[1].delegated);
}

TEST_F(FaultTest, AFaultIsNotAppliedUnrecorded) {
  place(R"({"plugin":"bridge","do":"exit","status":5})");
  m_collector.reset();
  EXPECT_EQ(call().exit_code, k_refused_status);
}

// The recorder does not believe what it reads, and says so.
TEST_F(FaultTest, AMalformedRuleIsNotApplied) {
  place(R"({"plugin":"bridge","call":0,"do":"exit"})");
  const std::string good = value_or_throw(read_file(faults() / "rules" / "1"));
  std::vector<std::string> bad;
  for (std::size_t size = 0; size < good.size(); ++size) {
    bad.push_back(good.substr(0, size));
  }
  const std::string magic = "cni-matrix fault 1\n";
  for (const char* line :
       {"bridge - 0 explode 0 0\n", "bridge - 0 exit 256 0\n", "bridge - 0 exit -1 0\n",
        "bridge - 0 exit 1 9999999999\n", "bridge - x exit 1 0\n", "bridge - 0 exit 1 0 0\n",
        "bridge - 0 exit 1\n", "bridge - 0 exit  0\n", "bridge - 0 slow 0 600001\n"}) {
    bad.push_back(magic + line);
  }
  bad.push_back(good + std::string(1U << 20U, 'x'));
  for (const std::string& rule : bad) {
    value_or_throw(write_file(faults() / "rules" / "1", rule));
    EXPECT_EQ(call().exit_code, 0) << rule.substr(0, 80);
    EXPECT_THAT(trace().back().fault, HasSubstr("malformed")) << rule.substr(0, 80);
  }
  place(R"({"plugin":"bridge","do":"exit","status":4})");
  EXPECT_EQ(call().exit_code, 4);  // a good one behind it counts
}

TEST_F(FaultTest, NoFaultIsNoNote) {
  EXPECT_EQ(call().out, k_config);
  EXPECT_THAT(only_call().fault, IsEmpty());
  EXPECT_FALSE(to_json(only_call()).contains("fault"));
}

}  // namespace
}  // namespace cni_matrix::recorder
