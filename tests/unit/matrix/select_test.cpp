#include "small_matrix.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::matrix {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Selection, ReplacesAxes) {
  Selection selection;
  selection.containerd = {"debian:trixie"};
  selection.cni_versions = {"none", "as-is"};
  selection.scenarios = {"repair:to=0.4.0"};
  const auto spec = select(*parse(k_small), selection);
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_THAT(names(*spec), ElementsAre("debian:trixie/0.9.0/bridge-portmap@none/repair[to=0.4.0]",
                                        "debian:trixie/0.9.0/bridge-portmap/repair[to=0.4.0]"));
}

TEST(Selection, FillsInWhatTheFileLeavesOut) {
  Selection selection;
  selection.containerd = {"1.6.2"};
  selection.plugins = {"0.9.0"};
  const auto spec = select(
      *parse(R"({"conflists": ["bridge-portmap"], "scenarios": ["double-stop"]})"), selection);
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_THAT(names(*spec), ElementsAre("1.6.2/0.9.0/bridge-portmap/double-stop"));
}

TEST(Selection, NeedsNoMatrixFile) {
  Selection selection;
  selection.containerd = {"1.6.2", "1.6.3"};
  selection.plugins = {"0.9.0"};
  const auto spec = select({}, selection);
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(names(*spec).size(), 2U);
  selection.plugins.clear();
  EXPECT_THAT(select({}, selection).error().message, HasSubstr("\"plugins\""));
}

// The chain that a node brings with it is for cells for which nobody names one.
TEST(Selection, TakesTheChainOfANode) {
  Selection selection;
  selection.containerd = {"1.6.2"};
  selection.plugins = {"0.9.0"};
  selection.scenarios = {"lifecycle", "dhcp-lease"};
  EXPECT_THAT(names(*select({}, selection)),
              ElementsAre("1.6.2/0.9.0/bridge-portmap/lifecycle", "1.6.2/0.9.0/dhcp/dhcp-lease"));
  selection.cni_versions = {"0.3.1"};
  EXPECT_THAT(names(*select({}, selection)),
              ElementsAre("1.6.2/0.9.0/bridge-portmap@0.3.1/lifecycle",
                          "1.6.2/0.9.0/dhcp@0.3.1/dhcp-lease"));
  selection.cni_versions.clear();
  selection.node = "acme";
  EXPECT_THAT(names(*select({}, selection)), ElementsAre("1.6.2/0.9.0/acme/lifecycle[node=acme]",
                                                         "1.6.2/0.9.0/dhcp/dhcp-lease[node=acme]"));
  selection.conflists = {"ptp"};
  EXPECT_THAT(names(*select({}, selection)), ElementsAre("1.6.2/0.9.0/ptp/lifecycle[node=acme]",
                                                         "1.6.2/0.9.0/ptp/dhcp-lease[node=acme]"));
  selection.node = "acmy";
  EXPECT_EQ(
      select({}, selection).error().message,
      "--node acmy: there is no file acmy in the working directory, and no node of that name; "
      "did you mean acme?");
}

TEST(Selection, KeepsNodesOfAMatrixApart) {
  const auto* const text = R"({"containerd": ["1.6.2"], "plugins": ["0.9.0"],
    "conflists": ["bridge-portmap"], "scenarios": ["lifecycle"],
    "include": [{"node": "acme"}, {"node": "flannel"}, {}]})";
  const auto read = parse(text);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const auto spec = select(*read, {});
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_THAT(names(*spec), ElementsAre("1.6.2/0.9.0/bridge-portmap/lifecycle",
                                        "1.6.2/0.9.0/bridge-portmap/lifecycle[node=acme]",
                                        "1.6.2/0.9.0/bridge-portmap/lifecycle[node=flannel]"));
}

TEST(Selection, TakesCellsByIdNameAndGlob) {
  const auto spec = *parse(k_small);
  const auto cells = *all_cells(spec);
  EXPECT_THAT(names(spec, {cells[2].id()}), ElementsAre(cells[2].name()));
  EXPECT_THAT(names(spec, {cells[1].name()}), ElementsAre(cells[1].name()));
  EXPECT_EQ(names(spec, {"1.6.2/*", cells[1].id()}).size(), 3U);
  EXPECT_THAT(all_cells(spec, {"nothing*"}).error().message, HasSubstr("--cell nothing*"));
}

TEST(Selection, EveryCellThatIsAskedForIsThere) {
  const auto refused = [](const std::vector<std::string>& cells,
                          std::optional<RuntimeChoice> runtime = std::nullopt) {
    Selection selection;
    selection.cells = cells;
    selection.runtime = runtime;
    const auto selected = select(*parse(k_small), selection);
    return selected ? std::string() : selected.error().message;
  };
  const auto all = *all_cells(*parse(k_small));
  const auto id = all.front().id();
  EXPECT_EQ(refused({id, all.back().name(), "*@none*", id.substr(0, 4)}), "");
  // Beside one that is.
  const auto lacking = refused({id, "0000aaaa", "nothing*"});
  EXPECT_THAT(lacking, AllOf(HasSubstr("my.json: no cell fits --cell 0000aaaa"),
                             HasSubstr("nothing*"), testing::Not(HasSubstr(id))));
  EXPECT_THAT(refused({id.substr(0, 3)}), HasSubstr("at least 4 characters"));
  EXPECT_THAT(refused({"0000aaaa"}), testing::Not(HasSubstr("at least 4 characters")));
  // The runtime is a part of the name, and so of the id.
  EXPECT_THAT(refused({id}, RuntimeChoice::embedded),
              AllOf(HasSubstr("it is " + all.front().name() + " of --runtime auto"),
                    HasSubstr("tell the runtime")));
}

TEST(Selection, APortIsFrom1To65535) {
  for (const int port : {0, -1, 65536, 70000}) {
    Selection selection;
    selection.host_port = port;
    const auto selected = select(*parse(k_small), selection);
    ASSERT_FALSE(selected) << port;
    EXPECT_EQ(selected.error().kind, ErrorKind::input);
    EXPECT_THAT(selected.error().message,
                AllOf(HasSubstr(std::to_string(port)), HasSubstr("from 1 to 65535")));
    auto text = Json::parse(k_small);
    text["hostPort"] = port;
    const auto spec = matrix_from_json(text, "my.json");
    ASSERT_FALSE(spec) << port;
    EXPECT_THAT(spec.error().message, HasSubstr("my.json: at /hostPort: " + std::to_string(port)));
    text["hostPort"] = Json::array({nullptr, port});
    EXPECT_FALSE(matrix_from_json(text, "my.json")) << port;
  }
  for (const int port : {1, 65535}) {
    Selection selection;
    selection.host_port = port;
    EXPECT_TRUE(select(*parse(k_small), selection)) << port;
  }
}

TEST(Selection, KnowsWhatIsRecommendedForKubernetes) {
  const std::map<std::string, Version> at_hand = {{"debian:bookworm", {1, 6, 20, {}}},
                                                  {"debian:bullseye", {1, 4, 13, {}}},
                                                  {"1.6.3", {1, 6, 3, {}}}};
  EXPECT_THAT(*containerd_for_kubernetes("1.24", at_hand),
              ElementsAre("1.7.0", "1.6.4", "debian:bookworm", "1.5.11"));
  EXPECT_THAT(containerd_for_kubernetes("1.240", {}).error().message, HasSubstr("1.24"));
}

}  // namespace
}  // namespace cni_matrix::matrix
