#include "cli/run.hpp"

#include "sample.hpp"

#include "base/file.hpp"
#include "cli/diff.hpp"
#include "cli/report.hpp"
#include "cli/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// No command writes to a file that it reads.
namespace cni_matrix::cli {
namespace {

using testing::HasSubstr;

constexpr const char* k_matrix = R"({"containerd": ["1.6.2"], "plugins": ["0.9.0"],
  "conflists": ["my.conflist"], "scenarios": ["lifecycle"]})";
constexpr const char* k_conflist = R"({"name": "my", "plugins": [{"type": "bridge"}]})";
constexpr const char* k_scenario =
    R"({"id": "my", "title": "Of a test", "steps": [{"step": "run"}]})";

class Files : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(path("mm.json"), k_matrix));
    ASSERT_TRUE(write_file(path("my.conflist"), k_conflist));
    ASSERT_TRUE(write_file(path("my.json"), k_scenario));
    ASSERT_TRUE(write_file(path("old.json"), "{}"));
    m_arguments.matrix = path("mm.json");
    m_arguments.selection.conflists = {path("my.conflist").string()};
    m_arguments.selection.scenarios = {path("my.json").string()};
    m_arguments.run.cache = path("cache");
  }

  [[nodiscard]] std::filesystem::path path(const char* name) const {
    return m_directory.path() / name;
  }

  static void expect_refused(const Expected<Ending>& ending, const char* name) {
    ASSERT_FALSE(ending) << name;
    EXPECT_EQ(ending.error().kind, ErrorKind::input) << name;
    EXPECT_THAT(ending.error().message, HasSubstr("name another file")) << name;
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  RunArguments m_arguments;
};

TEST_F(Files, ARunOverwritesNothingThatItReads) {
  for (const auto* name : {"mm.json", "my.conflist", "my.json", "old.json"}) {
    for (const auto* report : {"json", "junit"}) {
      auto arguments = m_arguments;
      arguments.baseline = path("old.json");
      arguments.reports[report] = path(name);
      const auto before = value_or_throw(read_file(path(name)));
      expect_refused(run_command(arguments, stdout, stderr), name);
      expect_refused(verify_command(arguments, stdout, stderr), name);
      EXPECT_EQ(value_or_throw(read_file(path(name))), before);
    }
    auto verified = m_arguments;  // whose document is no report of `run`
    verified.json = path(name);
    verified.baseline = path("old.json");
    expect_refused(verify_command(verified, stdout, stderr), name);
  }
  m_arguments.reports["json"] = m_arguments.reports["junit"] = path("both");
  expect_refused(run_command(m_arguments, stdout, stderr), "both");
  EXPECT_FALSE(std::filesystem::exists(path("both")));
  m_arguments.reports["json"] = m_arguments.reports["junit"] = "-";
  expect_refused(run_command(m_arguments, stdout, stderr), "-");
}

TEST_F(Files, AReportIsNotWrittenOverItsRun) {
  ReportArguments arguments;
  arguments.run = path("old.json");
  arguments.format = "json";
  arguments.output = m_directory.path() / "." / "old.json";
  expect_refused(report_command(arguments, stdout, stderr), "old.json");
}

}  // namespace
}  // namespace cni_matrix::cli
