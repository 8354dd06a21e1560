#include "base/file.hpp"
#include <cni_matrix/base/process.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace cni_matrix {
namespace {

using std::chrono_literals::operator""ms;

TEST(RunCommand, ForwardsStreamsAndExitStatus) {
  CommandOptions options;
  options.input = "hello";
  const auto cat = value_or_throw(run_program({"cat"}, options));
  EXPECT_TRUE(cat.ok());
  EXPECT_EQ(cat.out, "hello");
  const auto failed = value_or_throw(run_program({"sh", "-c", "echo no >&2; exit 3"}));
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.err, "no\n");
}

TEST(RunCommand, TellsASignalFromAnExitStatus) {
  const auto killed = value_or_throw(run_program({"sh", "-c", "kill -TERM $$"}));
  EXPECT_EQ(killed.signal, SIGTERM);
  EXPECT_EQ(killed.exit_code, -1);
}

TEST(RunCommand, EndsWhatRunsTooLong) {
  CommandOptions options;
  options.timeout = 100ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto late = value_or_throw(run_program({"sh", "-c", "sleep 60; true"}, options));
  EXPECT_TRUE(late.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10'000ms);
}

TEST(RunCommand, KeepsNoMoreThanTheLimit) {
  CommandOptions options;
  options.output_limit = 1000;
  const auto much = value_or_throw(run_program({"head", "-c", "1000000", "/dev/zero"}, options));
  EXPECT_TRUE(much.truncated);
  EXPECT_EQ(much.out.size(), 1000U);
}

TEST(RunCommand, InheritsNothing) {
  ::setenv("CNI_MATRIX_SECRET", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  const auto environment = value_or_throw(run_program({"env"}));
  EXPECT_EQ(environment.out.find("CNI_MATRIX_SECRET"), std::string::npos);
  const auto descriptors = value_or_throw(run_program({"ls", "/proc/self/fd"}));
  EXPECT_EQ(descriptors.out, "0\n1\n2\n3\n");  // 3 is ls reading the folder
}

TEST(RunCommand, NamesAMissingProgram) {
  const auto missing = run_program({"no-such-program-here"});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("no-such-program-here"), std::string::npos);
}

TEST(BackgroundProcess, EndsWithItsObject) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  pid_t pid = -1;
  {
    auto sleeper = value_or_throw(
        BackgroundProcess::start({"sleep", "60"}, fixed_environment(), directory.path() / "log"));
    pid = sleeper.pid();
    EXPECT_TRUE(sleeper.running());
    EXPECT_FALSE(sleeper.wait(10ms));
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(RunCommand, IsEndedWhenAskedTo) {
  const auto start = std::chrono::steady_clock::now();
  CommandOptions options;
  options.cancelled = [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(200);
  };
  const auto result = run_program({"sleep", "30"}, options);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->cancelled);
  EXPECT_FALSE(result->timed_out);
  EXPECT_FALSE(result->ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  // One that ends by itself is not.
  const auto ended = run_program({"true"}, options);
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->timed_out);
}

}  // namespace
}  // namespace cni_matrix
