// The recorder against stand-in plugins: whatever a plugin does, the caller sees the same with the
// recorder in between. Plugins here are shell scripts; a test may use a shell.

#include "recorder_fixture.hpp"

#include "recorder/refusal.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_F(RecorderTest, NotesTheCallAndForwardsIt) {
  add_plugin("bridge", "cat; echo \"$CNI_COMMAND $CNI_IFNAME\" >&2; exit 3");
  const CommandResult result = expect_same("bridge");
  EXPECT_EQ(result.out, k_config);
  EXPECT_EQ(result.err, "ADD eth0\n");
  EXPECT_EQ(result.exit_code, 3);

  const PluginCall call = only_call();
  EXPECT_EQ(call.plugin, "bridge");
  EXPECT_EQ(call.command, "ADD");
  EXPECT_THAT(call.environment,
              UnorderedElementsAre(Pair("CNI_COMMAND", "ADD"), Pair("CNI_IFNAME", "eth0")));
  EXPECT_EQ(call.input, k_config);
  EXPECT_EQ(call.output, k_config);
  EXPECT_EQ(call.error_output, "ADD eth0\n");
  EXPECT_EQ(call.exit_code, 3);
  EXPECT_EQ(call.signal, 0);
  EXPECT_TRUE(call.finished);
  EXPECT_FALSE(call.delegated);
  EXPECT_FALSE(call.truncated);
  EXPECT_GT(call.start_ns, 0);
  EXPECT_GT(call.end_ns, call.start_ns);
}

TEST_F(RecorderTest, ThePluginSeesTheSameEnvironmentAndArguments) {
  add_plugin(
      "env",
      "tr '\\0' '\\n' < /proc/$$/environ; exec grep -E '^(SigBlk|SigIgn)' /proc/self/status");
  EXPECT_THAT(expect_same("env").out, HasSubstr("CNI_IFNAME=eth0"));
}

TEST_F(RecorderTest, EndsByTheSameSignal) {
  for (const int signal : {SIGKILL, SIGTERM, SIGSEGV, SIGPIPE}) {
    const std::string name = "dies" + std::to_string(signal);
    // No core files: they would be left in the working directory.
    add_plugin(name, "ulimit -c 0; kill -" + std::to_string(signal) + " $$; sleep 10");
    EXPECT_EQ(expect_same(name).signal, signal);
  }
  const auto calls = trace();
  ASSERT_THAT(calls, SizeIs(4));
  EXPECT_EQ(calls[0].signal, SIGKILL);
  EXPECT_EQ(calls[0].exit_code, -1);
  EXPECT_TRUE(calls[0].finished);
}

TEST_F(RecorderTest, APluginThatDoesNotReadIsNoTrouble) {
  add_plugin("deaf", "exec <&-; echo out; exit 1");
  const std::string input(300'000, 'x');  // more than a pipe holds
  const CommandResult result = expect_same("deaf", input);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(only_call().input, input);
}

TEST_F(RecorderTest, DoesNotWaitForInputThatThePluginDoesNotWaitFor) {
  add_plugin("version", "echo usage; exit 4");
  const Pipe input;
  const Pipe output;
  const pid_t pid = start("version", input.read.get(), output.write.get());
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);  // with input.write open all the time
  EXPECT_EQ(WEXITSTATUS(status), 4);
}

TEST_F(RecorderTest, BigOutputIsForwardedWholeAndKeptInPart) {
  add_plugin("big", "cat; head -c 3000000 /dev/zero | tr '\\0' e >&2");
  const std::string input(2'500'000, 'o');
  const CommandResult result = expect_same("big", input);
  EXPECT_EQ(result.out.size(), 2'500'000U);
  EXPECT_EQ(result.err.size(), 3'000'000U);
  const PluginCall call = only_call();
  EXPECT_TRUE(call.truncated);
  EXPECT_TRUE(call.finished);
  EXPECT_EQ(call.input, std::string(1U << 20U, 'o'));
  EXPECT_EQ(call.output, std::string(1U << 20U, 'o'));
  EXPECT_EQ(call.error_output, std::string(1U << 20U, 'e'));
}

TEST_F(RecorderTest, WaitsForTheEndOfOutputThatAGrandchildHolds) {
  add_plugin("forks", "(sleep 0.3; echo late) & echo early");
  EXPECT_EQ(expect_same("forks").out, "early\nlate\n");
  EXPECT_EQ(only_call().output, "early\nlate\n");
}

TEST_F(RecorderTest, KillingTheRecorderKillsThePluginAndLeavesAnUnfinishedCall) {
  add_plugin("hangs", "read line; echo $$ $line; exec sleep 60");
  Pipe input;
  Pipe output;
  const pid_t pid = start("hangs", input.read.get(), output.write.get());
  output.write.reset();
  ASSERT_EQ(::write(input.write.get(), "hello\n", 6), 6);
  std::string line;
  for (char byte = 0; ::read(output.read.get(), &byte, 1) == 1 && byte != '\n';) {
    line += byte;
  }
  ASSERT_THAT(line, HasSubstr(" hello"));

  const PluginCall running = only_call();
  EXPECT_FALSE(running.finished);
  EXPECT_EQ(running.input, "hello\n");

  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(read_to_end(output.read.get()), "");  // the plugin held it, and is gone
  const PluginCall killed = only_call();
  EXPECT_FALSE(killed.finished);
  EXPECT_EQ(killed.exit_code, -1);
  EXPECT_EQ(killed.command, "ADD");
  EXPECT_EQ(killed.output, line + "\n");
  EXPECT_THAT(troubles(), testing::ElementsAre("the plugin call hangs ADD has no end record: its "
                                               "recorder was killed"));
  m_expects_no_trouble = false;
}

TEST_F(RecorderTest, ATerminationSignalReachesThePlugin) {
  add_plugin("tidy", "trap 'echo tidied; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
  const Pipe input;
  Pipe output;
  const pid_t pid = start("tidy", input.read.get(), output.write.get());
  output.write.reset();
  char ready[6];
  ASSERT_EQ(::read(output.read.get(), ready, sizeof(ready)), 6);
  ::kill(pid, SIGTERM);
  EXPECT_EQ(read_to_end(output.read.get()), "tidied\n");
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 5);
}

TEST_F(RecorderTest, AnIpamPluginIsDelegated) {
  add_plugin("host-local", "cat");
  add_plugin("bridge", "\"$BIN/host-local\"");
  EXPECT_EQ(run(recorded("bridge")).out, k_config);
  const auto calls = trace();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].plugin, "bridge");
  EXPECT_FALSE(calls[0].delegated);
  EXPECT_EQ(calls[1].plugin, "host-local");
  EXPECT_TRUE(calls[1].delegated);
  EXPECT_EQ(calls[1].input, k_config);
}

// However soon it has ended: the collector may be busy with others.
TEST_F(RecorderTest, EveryDelegatedCallOfManyAtOnceIsKnownForOne) {
  add_plugin("host-local", "exit 0");
  add_plugin("bridge", "for i in 1 2 3 4 5 6 7 8; do \"$BIN/host-local\" </dev/null; done");
  std::vector<pid_t> recorders;
  for (int i = 0; i < 12; ++i) {
    Pipe input;
    recorders.push_back(start("bridge", input.read.get(), STDERR_FILENO));
  }
  for (const pid_t pid : recorders) {
    ::waitpid(pid, nullptr, 0);
  }
  const auto calls = trace();
  ASSERT_THAT(calls, SizeIs(12 * 9));
  for (const PluginCall& call : calls) {
    EXPECT_EQ(call.delegated, call.plugin == "host-local");
  }
}

TEST_F(RecorderTest, FiftyCallsAtOnceGiveFiftyRecords) {
  add_plugin("echo", "cat");
  constexpr std::size_t k_calls = 50;
  std::vector<pid_t> recorders;
  std::vector<Fd> results;
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < k_calls; ++i) {
    Pipe input;
    Pipe output;
    inputs.push_back(std::to_string(i));
    ASSERT_GT(::write(input.write.get(), inputs[i].data(), inputs[i].size()), 0);
    recorders.push_back(start("echo", input.read.get(), output.write.get()));
    results.push_back(std::move(output.read));
  }
  for (std::size_t i = 0; i < k_calls; ++i) {
    EXPECT_EQ(read_to_end(results[i].get()), inputs[i]);
    int status = -1;
    EXPECT_EQ(::waitpid(recorders[i], &status, 0), recorders[i]);
    EXPECT_EQ(status, 0);
  }
  std::vector<std::string> seen;
  for (const PluginCall& call : trace()) {
    EXPECT_TRUE(call.finished);
    EXPECT_EQ(call.input, call.output);
    seen.push_back(call.input);
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(inputs));
}

// Nothing runs unrecorded: neither a caller nor a reader of the trace is to miss that.
TEST_F(RecorderTest, APluginDoesNotRunWithoutACollector) {
  add_plugin("bridge", "echo ran > \"$BIN/../marks\"");
  m_collector.reset();
  const CommandResult result = run(recorded("bridge"));
  EXPECT_EQ(result.exit_code, k_refused_status);
  EXPECT_THAT(result.err, HasSubstr(std::string(k_refusal) + "cannot reach the worker at " +
                                    m_options.socket.string() + ": No such file or directory"));
  const Json said = value_or_throw(parse_json(result.out, "output"));
  EXPECT_EQ(said.at("code"), 999);
  EXPECT_EQ(said.at("msg").get<std::string>() + "\n", result.err);
  EXPECT_FALSE(fs::exists(root() / "marks"));
}

TEST_F(RecorderTest, APluginRunsToItsEndWhenTheCollectorGoes) {
  add_plugin("bridge", "read line; echo ready; cat; exit 2");
  Pipe input;
  Pipe output;
  const pid_t pid = start("bridge", input.read.get(), output.write.get());
  output.write.reset();
  ASSERT_EQ(::write(input.write.get(), "hello\n", 6), 6);
  char ready[6];
  ASSERT_EQ(::read(output.read.get(), ready, sizeof(ready)), 6);
  m_collector.reset();
  ASSERT_EQ(::write(input.write.get(), "rest", 4), 4);
  input.write.reset();
  EXPECT_EQ(read_to_end(output.read.get()), "rest");
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

TEST_F(RecorderTest, InputFromAFileIsKeptWholeUnderAFault) {
  add_plugin("bridge", "cat");
  value_or_throw(place_fault(
      root() / "faults",
      value_or_throw(fault_from_json(
          value_or_throw(parse_json(R"({"plugin":"bridge","do":"fail"})", "test")), "test")),
      root() / "counts"));
  const std::string input(700'000, 'x');  // read in one piece, and longer than a record
  value_or_throw(write_file(root() / "input", input));
  const Fd file(::open((root() / "input").c_str(), O_RDONLY | O_CLOEXEC));
  const Pipe output;
  int status = 0;
  ::waitpid(start("bridge", file.get(), output.write.get()), &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(only_call().input, input);
  EXPECT_FALSE(only_call().truncated);
}

TEST_F(RecorderTest, AMissingPluginIsNamed) {
  add_plugin("gone", "");
  fs::remove(direct("gone"));
  const CommandResult result = run(recorded("gone"));
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("cannot execute " + direct("gone")));
  EXPECT_THAT(result.err, HasSubstr("No such file or directory"));
}

TEST_F(RecorderTest, BytesThatAreNotTextAreShown) {
  add_plugin("binary", "printf 'a\\377b' ; printf 'caf\\303\\251'");
  expect_same("binary");
  EXPECT_EQ(only_call().output, "a\\xffbcaf\xC3\xA9");
}

}  // namespace
}  // namespace cni_matrix::recorder
