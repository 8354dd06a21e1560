#include "leaks.hpp"

#include "base/shell_word.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cni_matrix::verdict {

namespace {

using node::LeakClass;

constexpr std::size_t k_id_length = 64;
constexpr std::size_t k_short_id = 12;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// The id of a sandbox in the text: 64 hexadecimal digits, no more.
std::string_view pod_in(std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_hex(text[i])) {
      continue;
    }
    if (i - begin == k_id_length) {
      return text.substr(begin, k_id_length);
    }
    begin = i + 1;
  }
  return {};
}

// The first word, and what is behind it.
std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  const auto space = text.find(' ');
  return space == std::string_view::npos ? std::pair{text, std::string_view()}
                                         : std::pair{text.substr(0, space), text.substr(space + 1)};
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// "ip -A POSTROUTING ...": iptables-save prints its rules quoted for a shell.
std::string remove_rule(std::string_view family, std::string_view table, std::string_view rule) {
  rule.remove_prefix(std::min(rule.find("-A ") + 3, rule.size()));
  return fmt::format("{} -t {} -D {}", family == "ip6" ? "ip6tables" : "iptables", table, rule);
}

std::string remove_nft(std::string_view entry) {
  const auto end = entry.find(" comment ");
  return fmt::format("nft delete {}", entry.substr(0, end));
}

// "ip6 neighbour proxy 2001:db8::2 dev veth1"
std::string remove_route(std::string_view entry) {
  const auto [family, what] = first_word(entry);
  const auto [kind, rest] = first_word(what);
  return fmt::format("ip {}{} delete {}", family == "ip6" ? "-6 " : "", kind, rest);
}

// "udp 10.88.0.2:5000 -> 192.0.2.1:53"
std::string remove_connection(std::string_view entry) {
  const auto [protocol, ends] = first_word(entry);
  const auto arrow = ends.find(" -> ");
  auto from = ends.substr(0, arrow);
  std::string family;
  std::string options;
  if (from.starts_with('[') || std::count(from.begin(), from.end(), ':') > 1) {
    family = " -f ipv6";
  }
  if (const auto colon = from.rfind(':');
      colon != std::string_view::npos && (family.empty() || from.starts_with('['))) {
    options = fmt::format(" --sport {}", from.substr(colon + 1));
    from = from.substr(0, colon);
  }
  if (from.starts_with('[')) {
    from = from.substr(1, from.size() - 2);
  }
  return fmt::format("conntrack -D{} -p {} -s {}{}", family, protocol, from, options);
}

std::string remove_sysctl(std::string_view entry) {
  const auto equals = entry.rfind('=');
  const auto value = entry.substr(equals + 1);
  return fmt::format("sysctl -w {}={}", entry.substr(0, equals), value == "0" ? "1" : "0");
}

// "portmap (pid 12)"
std::string kill_process(std::string_view entry) {
  const auto begin = entry.rfind("(pid ");
  return begin == std::string_view::npos
             ? std::string()
             : fmt::format("kill {}", trim(entry.substr(begin + 5, entry.size() - begin - 6)));
}

std::string remove_record(std::string_view path) {
  const auto id = pod_in(path);
  // It is containerd's own: only where it knows the pod no more, the folder is to go by hand.
  return id.empty() ? fmt::format("rm -r {}", shell_word(path))
                    : fmt::format("crictl rmp -f {}, or with containerd stopped rm -r {}", id,
                                  shell_word(path));
}

std::string clean_up(LeakClass leak, const std::string& entry) {
  switch (leak) {
    case LeakClass::netns:
      return fmt::format("ip netns delete {}", shell_word(last_part(entry)));
    case LeakClass::veth:
    case LeakClass::link:
      return fmt::format("ip link delete {}", shell_word(first_word(entry).first));
    case LeakClass::lease:
    case LeakClass::cached_result:
    case LeakClass::state_file:
      return fmt::format("rm {}", shell_word(entry));
    case LeakClass::nat_rule:
      return remove_rule(first_word(entry).first, "nat", entry);
    case LeakClass::filter_rule: {
      const auto [family, rest] = first_word(entry);
      return remove_rule(family, first_word(rest).first, rest);
    }
    case LeakClass::nft_table:
      return remove_nft(entry);
    case LeakClass::route:
      return remove_route(entry);
    case LeakClass::conntrack:
      return remove_connection(entry);
    case LeakClass::mount:
      return fmt::format("umount {}", shell_word(entry));
    case LeakClass::sysctl:
      return remove_sysctl(entry);
    case LeakClass::pod_record: {
      const auto id = first_word(entry).second;
      return fmt::format("crictl stopp {} && crictl rmp {}", shell_word(id), shell_word(id));
    }
    case LeakClass::process:
      return kill_process(entry);
    case LeakClass::snapshot:
      return remove_record(entry);
    case LeakClass::watched:
      return fmt::format("rm -r {}", shell_word(first_word(entry).second));
  }
  return {};
}

std::string maker_of_nat_rule(std::string_view rule) {
  return contains(rule, "CNI-HOSTPORT") || contains(rule, "CNI-DN-") || contains(rule, "CNI-SN-") ||
                 contains(rule, "dnat name:")
             ? "portmap"
             : "ipMasq of bridge or ptp";
}

std::string maker_of_nft(std::string_view entry) {
  if (contains(entry, "cni_hostport")) {
    return "portmap";
  }
  if (contains(entry, "cni_plugins_masquerade")) {
    return "ipMasq of bridge or ptp";
  }
  return contains(entry, " bridge ") ? "bridge (macspoofchk)" : "a plugin";
}

std::string maker_of_state_file(std::string_view path) {
  for (const auto* plugin : {"tuning", "dhcp", "flannel", "multus"}) {
    if (contains(path, fmt::format("/{}", plugin))) {
      return plugin;
    }
  }
  return "a plugin";
}

std::string maker(LeakClass leak, const std::string& entry) {
  switch (leak) {
    case LeakClass::netns:
    case LeakClass::pod_record:
    case LeakClass::mount:
    case LeakClass::snapshot:
      return "containerd";
    case LeakClass::cached_result:
      return "libcni";
    case LeakClass::veth:
      return "bridge or ptp";
    case LeakClass::lease:
      return "host-local";
    case LeakClass::nat_rule:
      return maker_of_nat_rule(entry);
    case LeakClass::filter_rule:
      return contains(entry, "CNI-FORWARD") || contains(entry, "CNI-ISOLATION") ||
                     contains(entry, "CNI-ADMIN")
                 ? "firewall"
                 : "a plugin";
    case LeakClass::nft_table:
      return maker_of_nft(entry);
    case LeakClass::link:
      return entry.starts_with("bwp") ? "bandwidth" : "a plugin";
    case LeakClass::route:
      return contains(entry, " rule ") ? "sbr" : "ptp";
    case LeakClass::conntrack:
      return "the kernel";
    case LeakClass::state_file:
      return maker_of_state_file(entry);
    case LeakClass::sysctl:
      return contains(entry, "route_localnet") ? "portmap" : "bridge or ptp";
    case LeakClass::watched:
      return std::string(first_word(entry).first);
    case LeakClass::process:
      return contains(entry, "shim") || contains(entry, "pause") ? "containerd"
                                                                 : "a plugin or the runtime";
  }
  return {};
}

// The pod that an entry is of; empty: it does not tell.
std::string_view pod_of(const std::string& entry, const node::Inventory& leaked) {
  const auto noted = leaked.owners.find(entry);
  return noted != leaked.owners.end() ? std::string_view(noted->second) : pod_in(entry);
}

}  // namespace

std::map<std::string, std::set<node::LeakClass>> leftovers_of_pods(const node::Inventory& leaked) {
  std::map<std::string, std::set<node::LeakClass>> result;
  for (const auto leak : node::k_leak_classes) {
    for (const auto& entry : leaked.of(leak)) {
      if (const auto pod = pod_of(entry, leaked); !pod.empty()) {
        result[std::string(pod)].insert(leak);
      }
    }
  }
  return result;
}

std::vector<LeakDescription> describe(const node::Inventory& leaked) {
  std::vector<LeakDescription> result;
  for (const auto leak : node::k_leak_classes) {
    for (const auto& entry : leaked.of(leak)) {
      LeakDescription description{leak, entry, maker(leak, entry), clean_up(leak, entry)};
      if (const auto pod = pod_of(entry, leaked); !pod.empty()) {
        description.owner += fmt::format(", pod {}", pod.substr(0, k_short_id));
      }
      result.push_back(std::move(description));
    }
  }
  return result;
}

}  // namespace cni_matrix::verdict
