#include "sample.hpp"

#include "base/file.hpp"
#include "cli/diff.hpp"
#include "cli/report.hpp"
#include "report/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;

class Command : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = TemporaryDirectory::create();
    ASSERT_TRUE(directory);
    m_directory.emplace(std::move(*directory));
  }

  std::filesystem::path save(const std::string& name, const std::vector<run::CellResult>& results) {
    const auto file = m_directory->path() / name;
    auto reporter = make_json_reporter(file);
    EXPECT_TRUE(reporter);
    EXPECT_TRUE(tell(**reporter, results));
    return file;
  }

  Expected<Ending> report(const cli::ReportArguments& arguments) {
    Expected<Ending> status;
    m_err.clear();
    m_out = text_of([&](std::FILE* out) {
      m_err = text_of([&](std::FILE* err) { status = cli::report_command(arguments, out, err); });
    });
    return status;
  }

  Expected<Ending> diff(const cli::DiffArguments& arguments) {
    Expected<Ending> status;
    m_out = text_of([&](std::FILE* out) { status = cli::diff_command(arguments, out); });
    return status;
  }

  std::optional<TemporaryDirectory> m_directory;
  std::string m_out;
  std::string m_err;
};

TEST_F(Command, ReportShowsASavedRunAsItWasShown) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  arguments.console.unicode = true;
  const auto status = report(arguments);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, ExitStatus::broken);  // one of the cells is
  EXPECT_EQ(m_err, "");
  approve("report-console", m_out);
}

TEST_F(Command, ReportAsJsonIsTheSameFile) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  arguments.format = "json";
  arguments.output = m_directory->path() / "again.json";
  ASSERT_TRUE(report(arguments));
  EXPECT_EQ(*read_file(arguments.run), *read_file(arguments.output));
}

TEST_F(Command, ReportAsJunit) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  arguments.format = "junit";
  arguments.output = m_directory->path() / "out.xml";
  ASSERT_TRUE(report(arguments));
  EXPECT_THAT(*read_file(arguments.output),
              HasSubstr("<testsuites name=\"cni-matrix\" tests=\"17\""));
}

TEST_F(Command, ReportSaysThatARunWasKilled) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  const auto text = *read_file(arguments.run);
  ASSERT_TRUE(write_file(arguments.run, text.substr(0, text.size() / 2)));
  ASSERT_TRUE(report(arguments));
  EXPECT_THAT(m_err, HasSubstr("ends without a summary"));
  EXPECT_THAT(m_out, HasSubstr("not run"));
}

TEST_F(Command, ReportRefusesWhatItCannotDo) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", {passed()});
  arguments.format = "jsn";
  auto status = report(arguments);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::input);
  EXPECT_THAT(status.error().message, HasSubstr("did you mean json"));

  arguments.format = "json";
  arguments.output = arguments.run;
  EXPECT_FALSE(report(arguments));
  EXPECT_THAT(*read_file(arguments.run), HasSubstr("cni-matrix-run"));

  arguments.run = m_directory->path() / "nothing.json";
  arguments.output = m_directory->path() / "out.json";
  EXPECT_FALSE(report(arguments));
  EXPECT_FALSE(std::filesystem::exists(arguments.output));
}

TEST_F(Command, DiffFailsOnAChangedVerdict) {
  cli::DiffArguments arguments;
  arguments.before = save("old.json", sample_results());
  arguments.after = arguments.before;
  EXPECT_EQ(diff(arguments)->status, ExitStatus::good);
  auto changed = sample_results();
  changed[0].verdict = run::Verdict::fail;
  arguments.after = save("new.json", changed);
  EXPECT_EQ(diff(arguments)->status, ExitStatus::bad_news);
  EXPECT_THAT(m_out,
              HasSubstr("debian:bookworm/0.9.0/bridge-portmap@none/lifecycle  pass -> fail"));
  arguments.json = true;
  EXPECT_EQ(diff(arguments)->status, ExitStatus::bad_news);
  EXPECT_EQ(parse_json(m_out, "diff")->at("verdicts").size(), 1U);
  arguments.after = m_directory->path() / "missing.json";
  const auto status = diff(arguments);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::input);
}

}  // namespace
}  // namespace cni_matrix::report::testing
