#include "compat/network_list.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::compat {
namespace {

using ::testing::ElementsAre;

TEST(NetworkList, TellsWhatItsPluginsAreAndWhatTheyAreTold) {
  const auto list = NetworkList::of(Json::parse(R"({
    "cniVersion": "0.4.0", "name": "net", "cniVersions": ["0.4.0", "1.0.0"],
    "plugins": [{"type": "bridge", "isGateway": true, "ipam": {"type": "host-local", "ranges": []}},
                {"type": "portmap", "capabilities": {"portMappings": true}}]})"));
  EXPECT_EQ(list.cni_version, "0.4.0");
  EXPECT_TRUE(list.names_versions);
  EXPECT_THAT(list.types, ElementsAre("bridge", "host-local", "portmap"));
  EXPECT_THAT(list.keys,
              ElementsAre("bridge.isGateway", "host-local.ranges", "portmap.capabilities"));
}

TEST(NetworkList, MayBeASinglePlugin) {
  const auto list = NetworkList::of(
      Json::parse(R"({"name": "net", "type": "ptp", "ipMasq": true, "ipam": {"type": "static"}})"));
  EXPECT_EQ(list.cni_version, "none");
  EXPECT_FALSE(list.names_versions);
  EXPECT_THAT(list.types, ElementsAre("ptp", "static"));
  EXPECT_THAT(NetworkList::kinds_of(list.traits), ElementsAre("ptp", "static", "ipMasq"));
  EXPECT_THAT(list.traits, ::testing::Contains("ptp.ipMasq=true"));
  EXPECT_THAT(list.keys, ElementsAre("ptp.ipMasq"));
}

TEST(NetworkList, HasThePluginThatAnotherHandsOverTo) {
  const auto list = NetworkList::of(Json::parse(
      R"({"name": "net", "plugins": [{"type": "flannel", "delegate": {"type": "ptp", "mtu": 1}}]})"));
  EXPECT_THAT(list.types, ElementsAre("flannel", "ptp"));
}

}  // namespace
}  // namespace cni_matrix::compat
