#include "run/cell_check.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CellCheckTest : public testing::Test {
 protected:
  matrix::Cell cell_of(const std::string& text) const {
    matrix::Cell cell;
    cell.containerd = "1.6.20";
    cell.plugins = "debian:bookworm";
    cell.scenario = "lifecycle";
    cell.conflist.name = "mine";
    cell.conflist.file = m_directory.path() / "mine.conflist";
    value_or_throw(write_file(cell.conflist.file, text));
    return cell;
  }

  TemporaryDirectory m_directory = value_or_throw(TemporaryDirectory::create());
  CellCheck m_check;
};

TEST_F(CellCheckTest, TellsOnceOfPluginsThatAreNotThere) {
  artifacts::Artifact plugins;
  plugins.binaries = {{"bridge", ""}, {"portmap", ""}, {"host-local", ""}};
  const auto cell = cell_of(R"({"name": "n", "plugins": [
      {"type": "calico", "ipam": {"type": "calico-ipam"}}, {"type": "portmp"}, {"type": "bridge"}]})");
  EXPECT_THAT(
      value_or_throw(m_check.missing_plugins(cell, plugins)),
      ElementsAre("mine: calico is none of debian:bookworm's plugins; add it with --plugins "
                  "debian:bookworm+dir:/opt/cni/bin",
                  HasSubstr("calico-ipam is none of"), HasSubstr("did you mean portmap?")));
  EXPECT_THAT(value_or_throw(m_check.missing_plugins(cell, plugins)), IsEmpty());
}

TEST_F(CellCheckTest, TellsOnceOfAFileThatNoContainerdReads) {
  const auto cell = cell_of("\xEF\xBB\xBF{\"name\": \"n\", \"plugins\": [{\"type\": \"ptp\"}]}");
  EXPECT_THAT(value_or_throw(m_check.warning_of(cell)), HasSubstr("byte order mark"));
  EXPECT_THAT(value_or_throw(m_check.warning_of(cell)), IsEmpty());
}

// Also behind a step that writes a further configuration.
TEST_F(CellCheckTest, KnowsWhatAFaultIsOf) {
  const auto lack_with = [&](const std::string& plugin) {
    auto cell = cell_of(R"({"name": "n", "plugins": [{"type": "ptp"}]})");
    const auto file = m_directory.path() / (plugin + ".json");
    value_or_throw(write_file(file, R"({"id": "mine", "title": "Mine", "steps": [
        {"step": "write-config", "file": "20-b.conf", "text": "{\"name\": \"b\", \"type\": \"macvlan\"}"},
        {"step": "fault", "plugin": ")" +
                                        plugin + R"(", "on": "ADD", "do": "fail", "message": "no"},
        {"step": "run", "expect": "no"}]})"));
    cell.scenario = file.string();
    return value_or_throw(m_check.lack_of(cell));
  };
  EXPECT_EQ(lack_with("ptp"), "");
  EXPECT_EQ(lack_with("macvlan"), "");
  EXPECT_EQ(lack_with("vlan"),
            "the chain has no plugin vlan, nor has a configuration that was written");
}

TEST_F(CellCheckTest, RefusesAContainerdThatTheModelDoesNotKnow) {
  auto cell = cell_of(R"({"name": "n", "plugins": [{"type": "ptp"}]})");
  cell.containerd = "99.9.9";
  EXPECT_TRUE(m_check.lack_of(cell));
  cell.runtime = matrix::RuntimeChoice::embedded;
  const auto refused = m_check.lack_of(cell);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  EXPECT_THAT(refused.error().message, HasSubstr("no profile of containerd 99.9"));
}

}  // namespace
}  // namespace cni_matrix::run
