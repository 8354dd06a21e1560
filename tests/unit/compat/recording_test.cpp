#include "compat/recording.hpp"

#include "sample.hpp"
#include "shipped.hpp"

#include "base/file.hpp"
#include "report/json.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::compat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

artifacts::Artifact artifact(artifacts::Component component, const std::string& release) {
  artifacts::Artifact made;
  made.component = component;
  made.token = "debian:bookworm";
  made.provider = "debian";
  made.version = testing::version(release);
  made.package_version = release + "-1";
  made.source = "package.deb";
  made.sha256 = std::string(64, 'a');
  made.binaries = {{"program", std::string(64, 'b')}};
  return made;
}

run::CellResult cell(const std::string& cni_version) {
  auto result =
      report::testing::passed("debian:bookworm", "1.6.20", "debian:bookworm", "1.1.1", cni_version);
  result.cell.conflist = value_or_throw(matrix::find_conflist("bridge-portmap", {}));
  result.cell.conflist.cni_version = cni_version;
  result.containerd = artifact(artifacts::Component::containerd, "1.6.20");
  result.plugins = artifact(artifacts::Component::plugins, "1.1.1");
  return result;
}

Expected<Records> recorded(const std::vector<run::CellResult>& results) {
  const auto folder = value_or_throw(TemporaryDirectory::create());
  const auto file = folder.path() / "run.json";
  const auto reporter = value_or_throw(report::make_json_reporter(file));
  value_or_throw(report::testing::tell(*reporter, results));
  return record({file});
}

TEST(Recording, TakesTheCellsOfAStackTogether) {
  const auto records = value_or_throw(recorded({cell("0.4.0"), cell("1.0.0")}));
  EXPECT_THAT(records.runs, SizeIs(1));
  EXPECT_EQ(records.runs.front().day(), "2026-11-23");
  ASSERT_THAT(records.rows, SizeIs(1));
  const auto& row = records.rows.front();
  EXPECT_EQ(row.outcomes, (std::map<std::string, std::size_t>{{"0.4.0", 0}, {"1.0.0", 0}}));
  EXPECT_FALSE(row.modelled);
  EXPECT_EQ(records.builds.at(row.plugins).version, testing::version("1.1.1"));
  EXPECT_EQ(records.builds.at(row.containerd.value()).package_version, "1.6.20-1");
  EXPECT_TRUE(records.outcomes.at(0).works());
  EXPECT_EQ(records.lists.at(row.list).name, "bridge-portmap");
  EXPECT_THAT(records.lists.at(row.list).traits, ::testing::Contains("portmap"));
  // And is read back from what is written.
  const auto again =
      value_or_throw(Records::from_json(Json::parse(to_json(records).dump()), "again"));
  EXPECT_EQ(to_json(again), to_json(records));
}

TEST(Recording, HasNoContainerdOfACellThatWasModelled) {
  auto one = cell("1.0.0");
  one.runtime = "embedded";
  const auto records = value_or_throw(recorded({one, cell("1.0.0")}));
  ASSERT_THAT(records.rows, SizeIs(2));
  EXPECT_FALSE(records.rows[0].modelled);
  EXPECT_TRUE(records.rows[1].modelled);
  EXPECT_FALSE(records.rows[1].containerd.has_value());
}

TEST(Recording, TakesWhatFailedAndWhatWasLeft) {
  auto one = cell("none");
  one.verdict = run::Verdict::known;
  one.known = {"F02"};
  one.steps[1].ok = false;
  one.steps[1].error = "failed to destroy network for sandbox \"" + std::string(64, 'c') + "\": no";
  one.leftover.of(node::LeakClass::netns) = {"/var/run/netns/cni-1"};
  one.leftover.of(node::LeakClass::link) = {"cni0 bridge"};
  const auto records = value_or_throw(recorded({one}));
  const auto& outcome = records.outcomes.at(0);
  EXPECT_FALSE(outcome.works());
  EXPECT_EQ(outcome.verdict, "known");
  EXPECT_THAT(outcome.known, ElementsAre("F02"));
  EXPECT_THAT(outcome.failed,
              ElementsAre(RecordedOutcome::Failure{
                  "StopPodSandbox", "failed to destroy network for sandbox \"<ID>\": no"}));
  EXPECT_THAT(outcome.left, ::testing::Contains("netns"));
}

TEST(Recording, PassesOverWhatIsNoPlainLife) {
  auto other = cell("1.0.0");
  other.cell.scenario = "double-stop";
  auto port = cell("1.0.0");
  port.cell.host_port = 80;
  auto marked = cell("1.0.0");
  marked.cell.mark_chain = true;
  auto skipped = cell("1.0.0");
  skipped.verdict = run::Verdict::skip;
  const auto records = value_or_throw(recorded({other, port, marked, skipped, cell("0.4.0")}));
  ASSERT_THAT(records.rows, SizeIs(1));
  EXPECT_THAT(records.rows.front().outcomes, SizeIs(1));
  const auto none = recorded({other, skipped});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::input);
  EXPECT_THAT(none.error().message, HasSubstr("there is no cell of the scenario lifecycle"));
}

TEST(Recording, NamesTheRunWhoseListIsGone) {
  auto gone = cell("1.0.0");
  gone.cell.conflist.file = "/nowhere/bridge-portmap.conflist";
  const auto records = recorded({gone});
  ASSERT_FALSE(records);
  EXPECT_THAT(records.error().message,
              HasSubstr("run.json: cannot read /nowhere/bridge-portmap.conflist"));
}

}  // namespace
}  // namespace cni_matrix::compat
