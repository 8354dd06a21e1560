#include <cni_matrix/scenario/conflist.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::scenario {
namespace {

using ::testing::ElementsAre;

TEST(ConflistTraits, ComeFromPluginsAndTheirIpam) {
  EXPECT_THAT(conflist_traits(Json::parse(R"({"plugins": [{"type": "bridge", "ipMasq": true,
                "ipam": {"type": "host-local"}}, {"type": "portmap"}, 7]})")),
              ElementsAre("bridge", "host-local", "ipMasq", "portmap", "bridge.ipMasq",
                          "bridge.ipMasq=true"));
  EXPECT_THAT(conflist_traits(Json::parse(R"({"type": "ptp", "ipMasq": false})")),
              ElementsAre("ptp", "ptp.ipMasq", "ptp.ipMasq=false"));
  EXPECT_EQ(cni_version_of(Json::parse("{}")), "none");
  EXPECT_EQ(cni_version_of(Json::parse(R"({"cniVersion": ""})")), "empty");
}

}  // namespace
}  // namespace cni_matrix::scenario
