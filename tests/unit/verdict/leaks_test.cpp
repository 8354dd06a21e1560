#include "verdict/leaks.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::verdict {
namespace {

using node::LeakClass;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const std::string k_id = std::string(32, 'a') + std::string(32, 'b');
const std::string k_pod = ", pod aaaaaaaaaaaa";

struct Sample {
  LeakClass leak;
  std::string entry;
  std::string owner;
  std::string clean_up;
};

LeakDescription described(LeakClass leak, const std::string& entry) {
  node::Inventory leaked;
  leaked.of(leak) = {entry};
  const auto all = describe(leaked);
  EXPECT_THAT(all, SizeIs(1));
  return all.at(0);
}

TEST(DescribeLeaks, SaysWhoseEachIsAndHowItGoesAway) {
  const std::vector<Sample> samples = {
      {LeakClass::netns, "/var/run/netns/cni-1", "containerd", "ip netns delete cni-1"},
      {LeakClass::veth, "veth1", "bridge or ptp", "ip link delete veth1"},
      {LeakClass::lease, "/var/lib/cni/networks/n/10.88.0.2", "host-local",
       "rm /var/lib/cni/networks/n/10.88.0.2"},
      {LeakClass::cached_result, "/var/lib/cni/results/n-" + k_id + "-eth0", "libcni" + k_pod,
       "rm /var/lib/cni/results/n-" + k_id + "-eth0"},
      {LeakClass::nat_rule,
       "ip -A POSTROUTING -s 10.88.0.2/32 -m comment --comment \"name: \\\"n\\\" id: \\\"" + k_id +
           "\\\"\" -j CNI-1",
       "ipMasq of bridge or ptp" + k_pod,
       "iptables -t nat -D POSTROUTING -s 10.88.0.2/32 -m comment --comment \"name: \\\"n\\\" id: "
       "\\\"" +
           k_id + "\\\"\" -j CNI-1"},
      {LeakClass::nat_rule, "ip6 -A CNI-HOSTPORT-DNAT -j CNI-DN-1", "portmap",
       "ip6tables -t nat -D CNI-HOSTPORT-DNAT -j CNI-DN-1"},
      {LeakClass::pod_record, "READY " + k_id, "containerd" + k_pod,
       "crictl stopp " + k_id + " && crictl rmp " + k_id},
      {LeakClass::process, "containerd-shim (pid 12)", "containerd", "kill 12"},
      {LeakClass::link, "bwp1234 (ifb)", "bandwidth", "ip link delete bwp1234"},
      {LeakClass::route, "ip6 route 2001:db8::2 dev veth1", "ptp",
       "ip -6 route delete 2001:db8::2 dev veth1"},
      {LeakClass::route, "ip rule priority 7 from 10.0.0.2 table 100", "sbr",
       "ip rule delete priority 7 from 10.0.0.2 table 100"},
      {LeakClass::filter_rule, "ip filter -A CNI-FORWARD -s 10.88.0.2/32 -j ACCEPT", "firewall",
       "iptables -t filter -D CNI-FORWARD -s 10.88.0.2/32 -j ACCEPT"},
      {LeakClass::nft_table, "rule inet cni_hostport hostports handle 7 comment " + k_id,
       "portmap" + k_pod, "nft delete rule inet cni_hostport hostports handle 7"},
      {LeakClass::nft_table, "table inet cni_plugins_masquerade", "ipMasq of bridge or ptp",
       "nft delete table inet cni_plugins_masquerade"},
      {LeakClass::conntrack, "udp 10.88.0.2:5000 -> 192.0.2.1:53", "the kernel",
       "conntrack -D -p udp -s 10.88.0.2 --sport 5000"},
      {LeakClass::conntrack, "udp [2001:db8::2]:5000 -> [2001:db8::1]:53", "the kernel",
       "conntrack -D -f ipv6 -p udp -s 2001:db8::2 --sport 5000"},
      {LeakClass::state_file, "/run/cni/tuning/" + k_id + "_eth0.json", "tuning" + k_pod,
       "rm /run/cni/tuning/" + k_id + "_eth0.json"},
      {LeakClass::mount, "/run/netns/x y", "containerd", "umount '/run/netns/x y'"},
      {LeakClass::sysctl, "net.ipv4.conf.cni0.route_localnet=1", "portmap",
       "sysctl -w net.ipv4.conf.cni0.route_localnet=0"},
      {LeakClass::snapshot, "/run/containerd/io.containerd.runtime.v2.task/k8s.io/x", "containerd",
       "rm -r /run/containerd/io.containerd.runtime.v2.task/k8s.io/x"},
      {LeakClass::watched, "acme /var/lib/acme/pods/" + k_id, "acme" + k_pod,
       "rm -r /var/lib/acme/pods/" + k_id},
  };
  for (const auto& sample : samples) {
    const auto leak = described(sample.leak, sample.entry);
    EXPECT_EQ(leak.leak, sample.leak);
    EXPECT_EQ(leak.entry, sample.entry);
    EXPECT_EQ(leak.owner, sample.owner) << sample.entry;
    EXPECT_EQ(leak.clean_up, sample.clean_up) << sample.entry;
  }
}

TEST(DescribeLeaks, TakesTheHolderOfALeaseFromBesideIt) {
  node::Inventory leaked;
  leaked.of(LeakClass::lease) = {"/n/10.88.0.2", "/n/10.88.0.3"};
  leaked.owners = {{"/n/10.88.0.3", k_id}};
  const auto all = describe(leaked);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].owner, "host-local");
  EXPECT_EQ(all[1].owner, "host-local" + k_pod);
}

TEST(DescribeLeaks, KnowsARecordOfAPod) {
  const auto path = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + k_id;
  const auto leak = described(LeakClass::snapshot, path);
  EXPECT_EQ(leak.owner, "containerd" + k_pod);
  EXPECT_THAT(leak.clean_up, HasSubstr("crictl rmp -f " + k_id));
}

TEST(DescribeLeaks, TakesNoOtherNumberForAPod) {
  EXPECT_THAT(described(LeakClass::mount, "/run/containerd/" + k_id + "c").owner,
              Not(HasSubstr("pod")));
  EXPECT_THAT(described(LeakClass::mount, "/run/containerd/" + k_id.substr(1)).owner,
              Not(HasSubstr("pod")));
}

}  // namespace
}  // namespace cni_matrix::verdict
