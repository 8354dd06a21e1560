#include "small_matrix.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::matrix {
namespace {

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

TEST(Cell, KeepsItsNodeAndItsChainThroughJson) {
  Cell cell;
  cell.containerd = "1.6.2";
  cell.plugins = "0.9.0";
  cell.scenario = "lifecycle";
  cell.conflist.name = "acme";
  cell.conflist.file = "/x/acme.node.json";
  cell.conflist.at = "/conflist";
  cell.node = scenario::NodeSource{"acme", "/x/acme.node.json", ""};
  EXPECT_EQ(cell.name(), "1.6.2/0.9.0/acme/lifecycle[node=acme]");
  auto json = to_json(cell);
  const auto again = cell_from_json(json);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->node, cell.node);
  EXPECT_EQ(again->conflist.at, "/conflist");
  json["node"]["at"] = "no pointer";
  EXPECT_FALSE(cell_from_json(json).has_value());
}

}  // namespace
}  // namespace cni_matrix::matrix
