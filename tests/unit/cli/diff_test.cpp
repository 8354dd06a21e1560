#include "cli/diff.hpp"

#include "saved_runs.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;

class DiffCommand : public SavedRuns {
 protected:
  Expected<Ending> diff(const cli::DiffArguments& arguments) {
    Expected<Ending> status;
    m_out = text_of([&](std::FILE* out) { status = cli::diff_command(arguments, out); });
    return status;
  }

  std::string m_out;
};

TEST_F(DiffCommand, FailsOnAChangedVerdict) {
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

TEST_F(DiffCommand, TwoBuildsAreComparedByTheColumnsThatMakeACell) {
  cli::DiffArguments arguments;
  arguments.before = save("old.json", {built("dir:/old@1.4.0", run::Verdict::pass)});
  arguments.after = save("new.json", {built("dir:/new@1.4.0", run::Verdict::fail)});
  EXPECT_EQ(diff(arguments)->status, ExitStatus::no_answer);  // no cell has the same name
  arguments.by = {"containerd", "conflist", "scenario"};
  EXPECT_EQ(diff(arguments)->status, ExitStatus::bad_news);
  EXPECT_THAT(m_out, HasSubstr("dir:/new@1.4.0/bridge-portmap@1.0.0/lifecycle (was "
                               "debian:bookworm/dir:/old@1.4.0/bridge-portmap@1.0.0/lifecycle)  "
                               "pass -> fail"));
  arguments.by = {"plugins-version", "conflist", "scenario"};
  EXPECT_EQ(diff(arguments)->status, ExitStatus::bad_news);
}

TEST_F(DiffCommand, ColumnsThatDoNotTellCellsApartAreRefused) {
  cli::DiffArguments arguments;
  arguments.before =
      save("old.json", {built("dir:/a", run::Verdict::pass), built("dir:/b", run::Verdict::fail)});
  arguments.after = arguments.before;
  arguments.by = {"containerd", "scenario"};
  auto refused = diff(arguments);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  EXPECT_THAT(refused.error().message, HasSubstr("old.json: by containerd,scenario the cells "));
  arguments.by = {"containerd", "plugin"};
  refused = diff(arguments);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("did you mean plugins"));
  // A repetition is the same cell.
  arguments.before = save(
      "twice.json", {built("dir:/a", run::Verdict::pass), built("dir:/a", run::Verdict::fail)});
  arguments.after = arguments.before;
  arguments.by = {"scenario"};
  EXPECT_TRUE(diff(arguments));
}

}  // namespace
}  // namespace cni_matrix::report::testing
