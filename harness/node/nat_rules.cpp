#include "nat_rules.hpp"

#include <cni_matrix/base/fd.hpp>
#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/base/text.hpp>

#include <array>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace cni_matrix::node {

namespace {

// Whether nf_tables holds any rule. Any doubt says yes: then iptables-save is asked.
bool has_nft_rules() {
  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  struct {
    nlmsghdr header;
    nfgenmsg message;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message.nfgen_family = AF_UNSPEC;
  request.message.version = NFNETLINK_V0;
  if (!socket || ::send(socket.get(), &request, sizeof request, 0) < 0) {
    return true;
  }
  alignas(nlmsghdr) std::array<char, 1U << 15U> buffer{};
  const auto count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  if (count < static_cast<ssize_t>(sizeof(nlmsghdr))) {
    return true;
  }
  return reinterpret_cast<const nlmsghdr*>(buffer.data())->nlmsg_type != NLMSG_DONE;  // NOLINT
}

// iptables-legacy's tables of this namespace.
bool has_legacy_tables() {
  for (const auto* file : {"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"}) {
    const auto names = read_file(file);
    if (names && !trim(*names).empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace

Expected<std::vector<std::string>> nat_rules() {
  std::vector<std::string> rules;
  if (!has_nft_rules() && !has_legacy_tables()) {
    return rules;
  }
  for (const auto& [program, family] :
       {std::pair{"iptables-save", "ip "}, std::pair{"ip6tables-save", "ip6 "}}) {
    if (find_program(program).empty()) {
      return unavailable("{} is missing; install the package iptables", program);
    }
    CNI_MATRIX_TRY_ASSIGN(const auto saved, run_command({program, "-t", "nat"}));
    if (!saved.ok()) {
      return broken("{} failed: {}", program, trim(saved.err));
    }
    for (const auto& line : split(saved.out, '\n')) {
      if (line.starts_with("-A ")) {
        rules.push_back(family + line);
      }
    }
  }
  return rules;
}

}  // namespace cni_matrix::node
