#include "run/kernel_needs.hpp"

#include "node/link_kinds.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::run {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* k_sys = "24 30 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n";

TEST(KernelNeeds, AreOfAConfigurationAsItIs) {
  EXPECT_TRUE(check_kernel_needs(Json::parse(R"({"name": "n", "plugins": [{"type": "none"}]})")));
  EXPECT_TRUE(check_kernel_needs(Json()));
  const auto filters = node::has_vlan_filtering();
  ASSERT_TRUE(filters) << filters.error().message;
  const auto good = check_kernel_needs(
      Json::parse(R"({"name": "n", "plugins": [{"type": "bridge", "vlan": 5}]})"));
  EXPECT_EQ(good.has_value(), *filters);
  if (!good) {
    EXPECT_EQ(good.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(good.error().message, HasSubstr("CONFIG_BRIDGE_VLAN_FILTERING"));
  }
}

TEST(KernelNeeds, ACgroupFileSystemIsWhereRuncLooks) {
  for (const auto* mount : {
           "35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
           "35 24 0:30 /docker/a /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
           "36 24 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
       }) {
    EXPECT_TRUE(check_cgroup_mounts(std::string(k_sys) + mount)) << mount;
  }
  for (const auto* mount : {
           "",
           "35 24 0:30 / /mnt/cgroup rw shared:9 - cgroup2 cgroup2 rw\n",
           "35 24 0:30 / /mnt/cgroup rw shared:9 - cgroup cgroup rw,cpu\n",
           "35 24 0:30 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw\n",
           "35 24 0:30 / /sys/fs/cgroup\n",
       }) {
    const auto lack = check_cgroup_mounts(std::string(k_sys) + mount);
    ASSERT_FALSE(lack) << mount;
    EXPECT_EQ(lack.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(lack.error().message, AllOf(HasSubstr("mount -t cgroup2"), HasSubstr("--rbind")));
  }
}

}  // namespace
}  // namespace cni_matrix::run
