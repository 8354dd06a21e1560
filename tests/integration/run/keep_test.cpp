// Nodes that `run --keep` keeps stay until a signal or the time limit.

#include "program_test.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace cni_matrix {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::last_line;
using testing_support::program;
using testing_support::ProgramTest;
using testing_support::with;

class Keep : public ProgramTest {};

TEST_F(Keep, EndsAtTheTimeLimit) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result =
      program(with(cell, {"--keep", "--timeout", "8s", "--json", path("run.json")}));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(result.exit_code, 124) << result.out << result.err;
  EXPECT_GT(took, 7900ms);
  EXPECT_LT(took, 11s);
  EXPECT_THAT(result.err, HasSubstr("kept: "));
  // What the cells came to stands there too.
  EXPECT_THAT(result.out, HasSubstr("1 cell: 1 pass"));
  EXPECT_THAT(last_line(result.out), AllOf(StartsWith("exit 124: --timeout ended the wait"),
                                           HasSubstr("every cell that ran passed")));
  // The saved run is of the cells.
  EXPECT_EQ(program({"report", path("run.json")}).exit_code, 0);
}

TEST_F(Keep, EndsAtASignalWithWhatTheCellsCameTo) {
  for (const int number : {SIGINT, SIGTERM}) {
    const auto log = path(std::to_string(number));
    auto run = value_or_throw(BackgroundProcess::start(
        with({CNI_MATRIX_PROGRAM}, with(cell, {"--keep", "--timeout", "2h"})),
        with(fixed_environment(), {"CNI_MATRIX_CACHE=" + cache_directory().string()}), log));
    const auto text = [&] { return read_file(log).value_or(""); };
    for (int i = 0; i < 6000 && run.running() && text().find("1 pass") == std::string::npos; ++i) {
      std::this_thread::sleep_for(10ms);
    }
    ASSERT_TRUE(run.running()) << text();
    run.signal(number);
    ASSERT_TRUE(run.wait(3s));
    EXPECT_THAT(last_line(text()), StartsWith("exit 0: ")) << text();
  }
}

}  // namespace
}  // namespace cni_matrix
