#include "small_matrix.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::matrix {
namespace {

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

}  // namespace
}  // namespace cni_matrix::matrix
