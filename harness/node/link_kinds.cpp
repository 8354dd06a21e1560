#include "link_kinds.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <cerrno>
#include <map>
#include <utility>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

constexpr int k_yes = 0;
constexpr int k_no = 1;

// What is tried: a link of that kind, and of a bridge, one that filters VLANs.
struct Trial {
  std::string kind;
  bool filters_vlans = false;
};

// RTM_NEWLINK as `ip link add probe type KIND [vlan_filtering 1]` sends it. libnl knows what a kind
// needs beside its name only for some.
nl_msg* request_of(const Trial& trial) {
  nl_msg* message = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg header{};
  nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
  nla_put_string(message, IFLA_IFNAME, "probe");
  nlattr* info = nla_nest_start(message, IFLA_LINKINFO);
  nla_put_string(message, IFLA_INFO_KIND, trial.kind.c_str());
  if (trial.filters_vlans) {
    nlattr* data = nla_nest_start(message, IFLA_INFO_DATA);
    nla_put_u8(message, IFLA_BR_VLAN_FILTERING, 1);
    nla_nest_end(message, data);
  }
  nla_nest_end(message, info);
  return message;
}

// In a child: its namespaces go with it, and so does what it makes.
[[noreturn]] void ask(const Trial& trial) {
  const int user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
  if (::unshare(CLONE_NEWNET | user) != 0) {
    ::_exit(k_yes);
  }
  nl_sock* socket = nl_socket_alloc();
  if (socket == nullptr || nl_connect(socket, NETLINK_ROUTE) != 0) {
    ::_exit(k_yes);
  }
  // Whatever else is wrong with the request, an unknown kind is said to be not supported.
  const int error = nl_send_sync(socket, request_of(trial));
  ::_exit(error == -NLE_OPNOTSUPP ? k_no : k_yes);
}

Expected<bool> is_supported(const Trial& trial) {
  static std::map<std::pair<std::string, bool>, bool> k_asked;
  const std::pair key(trial.kind, trial.filters_vlans);
  if (const auto asked = k_asked.find(key); asked != k_asked.end()) {
    return asked->second;
  }
  const pid_t child = ::fork();
  if (child < 0) {
    return system_error("cannot ask for kinds of links");
  }
  if (child == 0) {
    ask(trial);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const bool has = !WIFEXITED(status) || WEXITSTATUS(status) != k_no;
  k_asked[key] = has;
  return has;
}

}  // namespace

Expected<bool> has_link_kind(const std::string& kind) {
  return is_supported({kind});
}

Expected<bool> has_vlan_filtering() {
  return is_supported({"bridge", true});
}

}  // namespace cni_matrix::node
