#include "run/node_needs.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::run {
namespace {

using testing::ElementsAre;

equipment::Program program(const std::string& name, const std::string& package = "") {
  equipment::Program made;
  made.argv = {name};
  made.package = package;
  return made;
}

TEST(NodeNeeds, AreProgramsOfTheMachine) {
  const equipment::NodeDescription nothing;
  EXPECT_TRUE(check_node_needs(nothing, {program("sh"), program("/bin/sh")}));
  // Whether a command of the node makes it, nobody knows before.
  EXPECT_TRUE(check_node_needs(nothing, {program("/opt/made/later")}));
  const auto missing = check_node_needs(nothing, {program("no-such-program", "a-package")});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(missing.error().message,
            "no-such-program is missing, which the node runs; install the package a-package");
  EXPECT_EQ(check_node_needs(nothing, {program("/usr/sbin/no-such-program")}).error().message,
            "/usr/sbin/no-such-program is missing, which the node runs; install what has it");
}

TEST(NodeNeeds, ArePluginsThatItRunsAndDoesNotBring) {
  equipment::NodeDescription node;
  equipment::Daemon daemon;
  daemon.name = "dhcp";
  daemon.program = program("/opt/cni/bin/dhcp");
  node.daemons.push_back(daemon);
  EXPECT_THAT(plugins_called(node, {program("/opt/cni/bin/mine"), program("sh")}),
              ElementsAre("dhcp", "mine"));
  node.plugins.push_back({"mine", nullptr});
  EXPECT_THAT(plugins_called(node, {program("/opt/cni/bin/mine")}), ElementsAre("dhcp"));
}

}  // namespace
}  // namespace cni_matrix::run
