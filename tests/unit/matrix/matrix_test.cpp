#include "base/file.hpp"
#include "verdict/judge.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <gmock/gmock.h>

#include <set>

namespace cni_matrix::matrix {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Expected<Matrix> parse(const char* text) {
  return matrix_from_json(Json::parse(text), "my.json");
}

std::string error_of(const char* text) {
  const auto spec = parse(text);
  if (!spec) {
    return spec.error().message;
  }
  const auto selected = select(*spec, {});
  return selected ? "" : selected.error().message;
}

std::vector<std::string> names(const Matrix& spec, const std::vector<std::string>& cells = {}) {
  std::vector<std::string> result;
  for_each_cell(spec, cells, [&result](const Cell& cell) {
    result.push_back(cell.name());
    return true;
  });
  return result;
}

constexpr const char* k_small = R"({"containerd": ["1.6.2", "1.7.0"], "plugins": ["0.9.0"],
  "conflists": [{"file": "bridge-portmap", "cniVersion": ["none", "1.0.0"]}],
  "scenarios": ["lifecycle"]})";

TEST(Matrix, IsTheProductOfItsAxes) {
  EXPECT_THAT(names(*parse(k_small)), ElementsAre("1.6.2/0.9.0/bridge-portmap@none/lifecycle",
                                                  "1.7.0/0.9.0/bridge-portmap@none/lifecycle",
                                                  "1.6.2/0.9.0/bridge-portmap@1.0.0/lifecycle",
                                                  "1.7.0/0.9.0/bridge-portmap@1.0.0/lifecycle"));
}

TEST(Matrix, EveryCellThatIsAskedForIsThere) {
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

TEST(Matrix, APortIsFrom1To65535) {
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

TEST(Matrix, IncludesEachCellOnceAndExcludes) {
  const auto spec = parse(R"({"containerd": ["1.6.2", "1.6.2", "debian:bookworm"],
    "plugins": ["0.9.0"], "conflists": ["bridge-portmap"], "scenarios": ["lifecycle"],
    "include": [{"containerd": ["1.6.2", "1.5.0", "1.4.0"]},
                {"scenarios": [{"scenario": "repair", "with": {"to": ["0.4.0", "0.3.1"]}}],
                 "hostPort": 18080, "markChain": true, "runtime": "embedded"}],
    "exclude": [{"containerd": "<1.5.0"}, {"containerd": "debian:*", "scenario": "repair"}]})");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_THAT(
      names(*spec),
      ElementsAre("1.6.2/0.9.0/bridge-portmap/lifecycle",
                  "debian:bookworm/0.9.0/bridge-portmap/lifecycle",
                  "1.5.0/0.9.0/bridge-portmap/lifecycle",
                  "1.6.2/0.9.0/bridge-portmap/repair[to=0.4.0,hostport=18080,markchain,embedded]",
                  "1.6.2/0.9.0/bridge-portmap/repair[to=0.3.1,hostport=18080,markchain,embedded]"));
}

TEST(Matrix, NamesFilePlaceAndCure) {
  EXPECT_THAT(error_of(R"({"containerd": "1.6.2"})"),
              AllOf(HasSubstr("my.json"), HasSubstr("/containerd")));
  EXPECT_THAT(error_of(R"({"containerds": []})"), HasSubstr("containerds"));
  EXPECT_THAT(error_of("{}"), AllOf(HasSubstr("my.json"), HasSubstr("empty")));
  EXPECT_THAT(error_of(R"({"scenarios": ["lifecycle", "lifecycel"]})"),
              AllOf(HasSubstr("my.json: at /scenarios/1"), HasSubstr("did you mean lifecycle")));
  EXPECT_THAT(error_of(R"({"conflists": [{"file": "bridge-portmop"}]})"),
              AllOf(HasSubstr("/conflists/0/file"), HasSubstr("did you mean bridge-portmap")));
  EXPECT_THAT(error_of(R"({"scenarios": [{"scenario": "version-edit"}]})"),
              AllOf(HasSubstr("/scenarios/0"), HasSubstr("\"to\" is not set")));
  EXPECT_THAT(error_of(R"({"scenarios": [{"scenario": "repair", "with": {"too": ["1"]}}]})"),
              HasSubstr("did you mean to"));
  EXPECT_THAT(error_of(R"({"containerd": ["1.6.2", "one"]})"), HasSubstr("/containerd/1"));
  EXPECT_THAT(error_of(R"({"exclude": [{"containerd": "<1.5x"}]})"),
              HasSubstr("/exclude/0/containerd"));
  EXPECT_THAT(error_of(R"({"runtime": "deamon"})"), HasSubstr("/runtime"));
}

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

TEST(Selection, TakesCellsByIdNameAndGlob) {
  const auto spec = *parse(k_small);
  const auto cells = *all_cells(spec);
  EXPECT_THAT(names(spec, {cells[2].id()}), ElementsAre(cells[2].name()));
  EXPECT_THAT(names(spec, {cells[1].name()}), ElementsAre(cells[1].name()));
  EXPECT_EQ(names(spec, {"1.6.2/*", cells[1].id()}).size(), 3U);
  EXPECT_THAT(all_cells(spec, {"nothing*"}).error().message, HasSubstr("--cell nothing*"));
}

TEST(Selection, KnowsWhatIsRecommendedForKubernetes) {
  const std::map<std::string, Version> at_hand = {{"debian:bookworm", {1, 6, 20, {}}},
                                                  {"debian:bullseye", {1, 4, 13, {}}},
                                                  {"1.6.3", {1, 6, 3, {}}}};
  EXPECT_THAT(*containerd_for_kubernetes("1.24", at_hand),
              ElementsAre("1.7.0", "1.6.4", "debian:bookworm", "1.5.11"));
  EXPECT_THAT(containerd_for_kubernetes("1.240", {}).error().message, HasSubstr("1.24"));
}

TEST(Expansion, StopsWhenTold) {
  std::size_t seen = 0;
  EXPECT_EQ(for_each_cell(*parse(k_small), {}, [&seen](const Cell&) { return ++seen < 2; }), 2U);
}

TEST(Cell, KeepsItsIdThroughJson) {
  const auto spec = parse(R"({"containerd": ["1.6.2"], "plugins": ["0.9.0"],
    "conflists": [{"file": "bridge-only", "cniVersion": "0.3.1"}],
    "scenarios": [{"scenario": "repair", "with": {"to": "1.0.0"}}], "hostPort": 18080,
    "markChain": true, "runtime": "daemon"})");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  const auto cells = *all_cells(*spec);
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].name(),
            "1.6.2/0.9.0/bridge-only@0.3.1/repair[conf,to=1.0.0,hostport=18080,markchain,daemon]");
  const auto again = cell_from_json(to_json(cells[0]));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->name(), cells[0].name());
  EXPECT_EQ(again->conflist.file, cells[0].conflist.file);
  EXPECT_EQ(again->id().size(), 10U);
  EXPECT_FALSE(cell_from_json(Json::parse("{}")).has_value());
  EXPECT_FALSE(cell_from_json(Json::parse("[]")).has_value());
}

TEST(ShippedMatrices, LoadAndHaveCells) {
  for (const char* name : {"default", "kubernetes-page"}) {
    const auto spec = load_matrix(data_directory() / "matrix" / (std::string(name) + ".json"));
    ASSERT_TRUE(spec.has_value()) << spec.error().message;
    const auto all = names(*spec);
    EXPECT_GT(all.size(), 10U);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  }
}

}  // namespace
}  // namespace cni_matrix::matrix
