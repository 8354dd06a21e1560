#include "packet_rules.hpp"

#include "netlink.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <array>
#include <set>

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace cni_matrix::node {

namespace {

constexpr std::uint8_t k_comment = 0;  // NFTNL_UDATA_RULE_COMMENT of libnftnl

constexpr std::uint16_t nft_message(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U) | message;
}

std::string_view family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    default:
      return "netdev";
  }
}

// A table that iptables-save or ip6tables-save shows.
bool is_of_iptables(std::uint8_t family, std::string_view table) {
  constexpr std::array<std::string_view, 5> k_tables = {"filter", "nat", "mangle", "raw",
                                                        "security"};
  return (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) &&
         std::find(k_tables.begin(), k_tables.end(), table) != k_tables.end();
}

// Whether iptables-save, ip6tables-save may have something to say. Any doubt says yes.
struct ToAsk {
  bool v4 = false;
  bool v6 = false;
};

// The comment is kept in user data as libnftnl writes it: type, length, text with its \0.
std::string comment_of(std::string_view user_data) {
  while (user_data.size() >= 2) {
    const auto type = static_cast<std::uint8_t>(user_data[0]);
    const auto length = static_cast<std::uint8_t>(user_data[1]);
    const auto value = user_data.substr(2, length);
    if (type == k_comment) {
      return printable(value.substr(0, value.find('\0')));
    }
    user_data.remove_prefix(std::min<std::size_t>(2U + length, user_data.size()));
  }
  return {};
}

bool list_nft(Inventory& inventory, ToAsk& ask) {
  Netlink netlink(NETLINK_NETFILTER);
  nfgenmsg request{};
  request.version = NFNETLINK_V0;
  bool any = false;
  const bool tables =
      netlink.dump(nft_message(NFT_MSG_GETTABLE), bytes_of(request), [&](const nlmsghdr& message) {
        any = true;
        const auto family = header_of<nfgenmsg>(message).nfgen_family;
        const auto table = text_attribute(attributes_of<nfgenmsg>(message), NFTA_TABLE_NAME);
        if (!is_of_iptables(family, table)) {
          inventory.add(LeakClass::nft_table,
                        fmt::format("table {} {}", family_name(family), table));
        }
      });
  if (!tables || !any) {
    return tables;
  }
  return netlink.dump(
      nft_message(NFT_MSG_GETRULE), bytes_of(request), [&](const nlmsghdr& message) {
        const auto family = header_of<nfgenmsg>(message).nfgen_family;
        const auto attributes = attributes_of<nfgenmsg>(message);
        const auto table = text_attribute(attributes, NFTA_RULE_TABLE);
        if (is_of_iptables(family, table)) {
          (family == NFPROTO_IPV4 ? ask.v4 : ask.v6) = true;
          return;
        }
        const auto handle = number_attribute<std::uint64_t>(attributes, NFTA_RULE_HANDLE);
        auto text = fmt::format("rule {} {} {} handle {}", family_name(family), table,
                                text_attribute(attributes, NFTA_RULE_CHAIN), be64toh(handle));
        if (const auto comment = comment_of(attribute(attributes, NFTA_RULE_USERDATA));
            !comment.empty()) {
          text += " comment " + comment;
        }
        inventory.add(LeakClass::nft_table, std::move(text));
      });
}

// iptables-legacy's tables of this namespace.
bool has_legacy_tables(const char* file) {
  const auto names = read_file(file);
  return names && !trim(*names).empty();
}

// One call for all tables: each start of the program costs more than what it prints.
Expected<void> list_iptables(const std::string& program, std::string_view family,
                             Inventory& inventory) {
  if (find_program(program).empty()) {
    return unavailable("{} is missing; install the package iptables", program);
  }
  TRY_ASSIGN(const auto saved, run_program({program}));
  if (!saved.ok()) {
    return broken("{} failed: {}", program, trim(saved.err));
  }
  std::string table;
  for (const auto& line : split(saved.out, '\n')) {
    if (line.starts_with('*')) {
      table = line.substr(1);
    } else if (line.starts_with("-A ") && table == "nat") {
      inventory.add(LeakClass::nat_rule, fmt::format("{} {}", family, line));
    } else if (line.starts_with("-A ")) {
      inventory.add(LeakClass::filter_rule, fmt::format("{} {} {}", family, table, line));
    }
  }
  return {};
}

// The program of a backend where it can be told apart, else the one that there is.
std::string save_program(const std::string& family, std::string_view backend) {
  auto named = fmt::format("{}-{}-save", family, backend);
  return find_program(named).empty() ? family + "-save" : named;
}

// Rules may be in the backend of nft, in the legacy one, or in both.
Expected<void> list_backends(const std::string& program, std::string_view family, bool nft,
                             const char* legacy_tables, Inventory& inventory) {
  std::set<std::string> programs;
  if (nft) {
    programs.insert(save_program(program, "nft"));
  }
  if (has_legacy_tables(legacy_tables)) {
    programs.insert(save_program(program, "legacy"));
  }
  for (const auto& save : programs) {
    TRY(list_iptables(save, family, inventory));
  }
  return {};
}

}  // namespace

Expected<void> list_packet_rules(Inventory& inventory) {
  ToAsk ask;
  if (!list_nft(inventory, ask)) {
    ask = {true, true};
  }
  std::ranges::sort(inventory.of(LeakClass::nft_table));
  TRY(list_backends("iptables", "ip", ask.v4, "/proc/net/ip_tables_names", inventory));
  return list_backends("ip6tables", "ip6", ask.v6, "/proc/net/ip6_tables_names", inventory);
}

}  // namespace cni_matrix::node
