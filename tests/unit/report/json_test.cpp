#include "report/json.hpp"

#include "sample.hpp"

#include "base/file.hpp"
#include "report/saved_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;

class JsonReport : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = TemporaryDirectory::create();
    ASSERT_TRUE(directory);
    m_directory.emplace(std::move(*directory));
    m_file = m_directory->path() / "run.json";
  }

  void write(const std::vector<run::CellResult>& results) {
    auto reporter = make_json_reporter(m_file);
    ASSERT_TRUE(reporter);
    const auto told = tell(**reporter, results);
    ASSERT_TRUE(told) << told.error().message;
  }

  [[nodiscard]] std::string text() const { return *read_file(m_file); }

  // The run, its cells in m_cells.
  Expected<SavedRun> read() {
    m_cells.clear();
    return read_run(m_file,
                    {[](const run::Provenance&, std::size_t) {},
                     [this](run::CellResult&& cell) { m_cells.push_back(std::move(cell)); }});
  }

  std::optional<TemporaryDirectory> m_directory;
  std::filesystem::path m_file;
  std::vector<run::CellResult> m_cells;
};

TEST_F(JsonReport, RoundTrip) {
  const auto results = sample_results();
  write(results);
  const auto run = read();
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE(run->complete);
  EXPECT_EQ(run::to_json(run->provenance), run::to_json(sample_provenance()));
  EXPECT_EQ(run::to_json(run->summary), run::to_json(summary_of(results)));
  ASSERT_EQ(m_cells.size(), results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(run::to_json(m_cells[i]), run::to_json(results[i]));
  }
}

TEST_F(JsonReport, IsOneDocumentThatTheSchemaAccepts) {
  write(sample_results());
  const auto document = parse_json(text(), "run.json");
  ASSERT_TRUE(document) << document.error().message;
  const auto checked = check_schema(*document, "run", "run.json");
  EXPECT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(document->at("cells").size(), sample_results().size());
}

TEST_F(JsonReport, OneCellALine) {
  write(sample_results());
  const auto lines = text();
  const auto count = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  EXPECT_EQ(count, sample_results().size() + 7);
}

TEST_F(JsonReport, WithoutCells) {
  write({});
  const auto run = read();
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE(run->complete);
  EXPECT_TRUE(m_cells.empty());
  EXPECT_EQ(run->summary.exit_status(), 4);
}

TEST_F(JsonReport, IsWrittenAsTheRunGoes) {
  auto reporter = make_json_reporter(m_file);
  ASSERT_TRUE(reporter);
  (*reporter)->run_started(sample_provenance(), 2);
  (*reporter)->cell_finished(passed());
  EXPECT_THAT(text(), HasSubstr("RemovePodSandbox"));
}

TEST_F(JsonReport, ARunEndedByAnExceptionIsStillADocument) {
  {
    auto reporter = make_json_reporter(m_file);
    ASSERT_TRUE(reporter);
    (*reporter)->run_started(sample_provenance(), 5);
    (*reporter)->cell_finished(passed());
  }
  const auto run = read();
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE(run->complete);
  EXPECT_TRUE(run->summary.interrupted);
  EXPECT_EQ(run->summary.cells, 5U);
  EXPECT_EQ(m_cells.size(), 1U);
}

// Wherever kill -9 cuts the file, the cells before it are read, or one sentence says why not.
TEST_F(JsonReport, CutAnywhere) {
  auto results = sample_results();
  results.resize(3);
  write(results);
  const auto whole = text();
  std::size_t most = 0;
  // Every byte near the ends of lines, where the cases lie, and a few inside of them.
  for (std::size_t length = 0; length < whole.size() - 1; ++length) {
    const auto line_end = whole.find('\n', length);
    const auto line_begin = length == 0 ? 0 : whole.rfind('\n', length - 1) + 1;
    if (line_end > length + 3 && length > line_begin + 3 && length % 97 != 0) {
      continue;
    }
    ASSERT_TRUE(write_file(m_file, whole.substr(0, length)));
    const auto run = read();
    if (!run) {
      EXPECT_EQ(run.error().kind, ErrorKind::input);
      EXPECT_LT(length, whole.find("\"cells\":[") + 10) << run.error().message;
      EXPECT_THAT(run.error().message, HasSubstr(m_file.string()));
      continue;
    }
    // Only the last two bytes ("\n}") may be missing from a file that counts as complete.
    EXPECT_FALSE(run->complete) << length << " of " << whole.size();
    EXPECT_TRUE(run->summary.interrupted);
    EXPECT_GE(m_cells.size(), most);
    most = std::max(most, m_cells.size());
  }
  EXPECT_EQ(most, 3U);
}

TEST_F(JsonReport, AForkedChildThatExitsWritesNothing) {
  auto reporter = make_json_reporter(m_file);
  ASSERT_TRUE(reporter);
  (*reporter)->run_started(sample_provenance(), 1);
  const auto before = text();
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    reporter->reset();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(text(), before);
}

TEST_F(JsonReport, LaidOutOtherwiseIsReadToo) {
  write(sample_results());
  ASSERT_TRUE(write_file(m_file, parse_json(text(), "run.json")->dump(2)));
  const auto run = read();
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(m_cells.size(), sample_results().size());
}

TEST_F(JsonReport, ManyCellsAreReadInBatches) {
  write(std::vector<run::CellResult>(1000, passed()));
  ASSERT_TRUE(read());
  EXPECT_EQ(m_cells.size(), 1000U);
}

TEST_F(JsonReport, HostileBytes) {
  auto result = passed();
  result.verdict = run::Verdict::fail;
  result.steps[1] = {"StopPodSandbox", "", false, "Unknown", "\xff\xfe\x1b[2J ]]> \xc3\x28", 1};
  result.leftover.of(node::LeakClass::netns) = {"/run/netns/\xc0\xaf"};
  result.reason = std::string("nul\0byte", 8);
  result.log = "\xed\xa0\x80";
  write({result});
  const auto document = parse_json(text(), "run.json");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(text().find('\x1b'), std::string::npos);
  ASSERT_TRUE(read());
  EXPECT_EQ(m_cells.front().steps[1].error, "\\xff\\xfe\\x1b[2J ]]> \\xc3(");
}

TEST_F(JsonReport, ErrorsNameFilePlaceAndKind) {
  const auto error_of = [&](const std::string& content) {
    EXPECT_TRUE(write_file(m_file, content));
    const auto run = read();
    if (run) {
      return std::string("no error");
    }
    EXPECT_EQ(run.error().kind, ErrorKind::input);
    EXPECT_THAT(run.error().message, HasSubstr(m_file.string()));
    EXPECT_EQ(run.error().message.find('\n'), std::string::npos);
    return run.error().message;
  };
  error_of("");
  EXPECT_THAT(error_of("{\"a\": }"), HasSubstr(":1:"));
  error_of("[]");
  error_of("{\"containerd\": [\"1.6.2\"]}");
  write(sample_results());
  auto text = this->text();
  const auto verdict = text.find("\"verdict\":\"known\"");
  EXPECT_THAT(
      error_of(text.substr(0, verdict) + "\"verdict\":\"knows\"" + text.substr(verdict + 17)),
      HasSubstr("/cells/1/verdict"));
  EXPECT_THAT(error_of(text.substr(0, verdict) + "verdict" + text.substr(verdict + 17)),
              HasSubstr("line 6"));
  text.replace(text.find("\"jobs\":4"), 8, "\"jobs\":\"");
  error_of(text);
  std::filesystem::remove(m_file);
  EXPECT_FALSE(read());
}

TEST_F(JsonReport, UnwritableFilesAreRefusedBeforeTheRun) {
  for (const auto& file : {m_directory->path() / "missing" / "run.json", m_directory->path()}) {
    const auto reporter = make_json_reporter(file);
    ASSERT_FALSE(reporter);
    EXPECT_EQ(reporter.error().kind, ErrorKind::input);
    EXPECT_THAT(reporter.error().message, HasSubstr(file.string()));
  }
}

TEST_F(JsonReport, ARunThatNeverBeginsLeavesNothingAndKeepsWhatWasThere) {
  { ASSERT_TRUE(make_json_reporter(m_file)); }
  EXPECT_FALSE(std::filesystem::exists(m_file));
  ASSERT_TRUE(write_file(m_file, "precious"));
  { ASSERT_TRUE(make_json_reporter(m_file)); }
  EXPECT_EQ(text(), "precious");
}

TEST_F(JsonReport, AShorterRunReplacesALongerOne) {
  write(sample_results());
  write({passed()});
  ASSERT_TRUE(read());
  EXPECT_EQ(m_cells.size(), 1U);
  EXPECT_TRUE(parse_json(text(), "run.json"));
}

TEST_F(JsonReport, NoSpaceIsSaidAtTheEnd) {
  auto reporter = make_json_reporter("/dev/full");
  ASSERT_TRUE(reporter);
  const auto told = tell(**reporter, {passed()});
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::broken);
  EXPECT_THAT(told.error().message, HasSubstr("No space left on device"));
}

TEST_F(JsonReport, FailedCellsForRerun) {
  auto results = sample_results();
  auto interrupted = passed("1.7.0", "1.7.0", "1.1.1", "1.1.1", "1.0.0");
  interrupted.verdict = run::Verdict::interrupted;
  results.push_back(interrupted);
  results.push_back(results[12]);  // the leak, repeated
  write(results);
  const auto cells = failed_cells(m_file);
  ASSERT_TRUE(cells) << cells.error().message;
  std::vector<std::string> names;
  for (const auto& cell : *cells) {
    names.push_back(cell.name());
  }
  EXPECT_THAT(names,
              ::testing::ElementsAre("1.10.1/1.1.1/bridge-portmap@1.0.0/lifecycle",
                                     "1.10.1/0.9.0/bridge-portmap@1.0.0/lifecycle",
                                     "1.6.2/1.1.1/bridge-portmap@1.0.0/version-edit[to=1.0.0]",
                                     "1.7.0/1.1.1/bridge-portmap@1.0.0/lifecycle"));
}

}  // namespace
}  // namespace cni_matrix::report::testing
