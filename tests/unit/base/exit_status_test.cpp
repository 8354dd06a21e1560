#include "base/file.hpp"
#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

using testing::HasSubstr;

constexpr const char* k_names[] = {"run",  "plan",   "fetch", "verify-embedded", "explain",
                                   "list", "report", "diff",  "store",           "shell"};

TEST(ExitStatuses, TheGraverOfTwoIsTold) {
  const std::vector<ExitStatus> falling = {
      ExitStatus::interrupted, ExitStatus::timeout,    ExitStatus::bad_input, ExitStatus::broken,
      ExitStatus::bad_news,    ExitStatus::incomplete, ExitStatus::no_answer, ExitStatus::good};
  for (std::size_t i = 0; i < falling.size(); ++i) {
    for (std::size_t k = i; k < falling.size(); ++k) {
      EXPECT_EQ(graver(falling[i], falling[k]), falling[i]);
      EXPECT_EQ(graver(falling[k], falling[i]), falling[i]);
    }
  }
}

TEST(ExitStatuses, TheLastLineIsOneLine) {
  EXPECT_EQ((Ending{ExitStatus::bad_news, "2 cells failed"}.text()), "exit 1: 2 cells failed");
  EXPECT_EQ((Ending{ExitStatus::broken, "a\nb"}.text()), "exit 3: a b");
  EXPECT_EQ((Ending{ExitStatus::incomplete, ""}.text()),
            "exit 5: incomplete, and what there is is good");
  // What a command inside a node ended with is no entry of the table.
  EXPECT_EQ((Ending{static_cast<ExitStatus>(77), "its own"}.text()), "exit 77: its own");
}

TEST(ExitStatuses, EveryCommandTellsItsOwn) {
  for (const auto* command : k_names) {
    const auto text = exit_statuses_of(command);
    EXPECT_THAT(text, HasSubstr("\n  0 ")) << command;
    EXPECT_THAT(text, HasSubstr("\n  2 ")) << command;
    EXPECT_THAT(text, HasSubstr("\n  130, 143 ")) << command;
  }
  EXPECT_EQ(exit_statuses_of("nope"), "");
  EXPECT_THAT(exit_statuses_of("fetch"), HasSubstr("\n  5 "));
  EXPECT_THAT(exit_statuses_of("run"), HasSubstr("\n  124 "));
}

// ci/quickstart ends as `run` does.
TEST(ExitStatuses, StandInTheHelpOfQuickstart) {
  const auto help = value_or_throw(read_file(data_directory() / "ci/quickstart"));
  for (const auto status : all_exit_statuses()) {
    if (status != ExitStatus::incomplete) {  // which `run` does not have
      EXPECT_THAT(help, testing::ContainsRegex(fmt::format("[ \n]{} ", number_of(status))));
    }
  }
}

// The table of the README is this one.
TEST(ExitStatuses, StandInTheReadme) {
  const auto readme = value_or_throw(read_file(data_directory() / "README.md"));
  for (const auto status : all_exit_statuses()) {
    switch (status) {
      case ExitStatus::timeout:
        EXPECT_THAT(readme, HasSubstr("| 124 | `--timeout` ended it"));
        break;
      case ExitStatus::interrupted:
      case ExitStatus::terminated:
        EXPECT_THAT(readme, HasSubstr("| 130, 143 | SIGINT, SIGTERM ended it"));
        break;
      default:
        EXPECT_THAT(readme,
                    HasSubstr(fmt::format("| {} | {}", number_of(status), meaning_of(status))));
    }
  }
}

}  // namespace
}  // namespace cni_matrix
