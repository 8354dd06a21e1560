#include "cli/report.hpp"

#include "saved_runs.hpp"

#include "report/console.hpp"
#include "report/reporters.hpp"
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;

class ReportCommand : public SavedRuns {
 protected:
  Expected<Ending> report(const cli::ReportArguments& arguments) {
    Expected<Ending> status;
    m_err.clear();
    m_out = text_of([&](std::FILE* out) {
      m_err = text_of([&](std::FILE* err) { status = cli::report_command(arguments, out, err); });
    });
    return status;
  }

  std::string m_out;
  std::string m_err;
};

TEST_F(ReportCommand, ShowsASavedRunAsItWasShown) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  arguments.console.unicode = true;
  const auto status = report(arguments);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, ExitStatus::broken);  // one of the cells is
  EXPECT_EQ(m_err, "");
  approve("report-console", m_out);
}

TEST_F(ReportCommand, AsJsonIsTheSameFile) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  arguments.format = "json";
  arguments.output = m_directory->path() / "again.json";
  ASSERT_TRUE(report(arguments));
  EXPECT_EQ(*read_file(arguments.run), *read_file(arguments.output));
}

TEST_F(ReportCommand, AsJunit) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  arguments.format = "junit";
  arguments.output = m_directory->path() / "out.xml";
  ASSERT_TRUE(report(arguments));
  EXPECT_THAT(*read_file(arguments.output),
              HasSubstr("<testsuites name=\"cni-matrix\" tests=\"17\""));
}

TEST_F(ReportCommand, SaysThatARunWasKilled) {
  cli::ReportArguments arguments;
  arguments.run = save("run.json", sample_results());
  const auto text = *read_file(arguments.run);
  ASSERT_TRUE(write_file(arguments.run, text.substr(0, text.size() / 2)));
  ASSERT_TRUE(report(arguments));
  EXPECT_THAT(m_err, HasSubstr("ends without a summary"));
  EXPECT_THAT(m_out, HasSubstr("not run"));
}

TEST_F(ReportCommand, RefusesWhatItCannotDo) {
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

// `report` prints of a saved run what `run` printed, statements of the matrix and all.
TEST_F(ReportCommand, PrintsWhatRunPrinted) {
  const auto results = sample_results();
  auto summary = summary_of(results);
  summary.statements = {{"K3", "a thing is so", verdict::Truth::partly, 3, 1, "in 1.6.20: yes"}};
  summary.modules = {"ip_tables", "nf_nat"};
  summary.fail_on = {"skip"};
  const auto file = m_directory->path() / "run.json";
  const auto known = value_or_throw(verdict::KnownBehaviours::load());
  const auto ran = text_of([&](std::FILE* stream) {
    Reporters reporters;
    reporters.add(value_or_throw(make_json_reporter(file)));
    ConsoleOptions options;
    options.unicode = true;
    options.title_of = [&](const std::string& id) {
      const auto* behaviour = known.find(id);
      return behaviour == nullptr ? std::string() : behaviour->title;
    };
    reporters.add(make_console_reporter(stream, options));
    reporters.run_started(sample_provenance(), results.size());
    for (const auto& result : results) {
      reporters.cell_started(result.cell);
      reporters.cell_finished(result);
    }
    EXPECT_TRUE(reporters.run_finished(summary));
    fmt::print(stream, "{}\n", summary.ending().text());
  });
  EXPECT_THAT(ran, HasSubstr("Statements of this matrix\n  K3   partly true: a thing is so\n"));
  EXPECT_THAT(ran, HasSubstr("loaded modules for this run, and they stay: ip_tables, nf_nat\n"));
  cli::ReportArguments arguments;
  arguments.run = file;
  arguments.console.unicode = true;
  const auto shown = text_of([&](std::FILE* stream) {
    const auto ending = cli::report_command(arguments, stream, stderr);
    ASSERT_TRUE(ending) << ending.error().message;
    fmt::print(stream, "{}\n", ending->text());
  });
  EXPECT_EQ(shown, ran);
}

}  // namespace
}  // namespace cni_matrix::report::testing
