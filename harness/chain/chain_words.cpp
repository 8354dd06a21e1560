#include "chain_words.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/version.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace cni_matrix::chain {

namespace {

// Reference plugins whose CHECK looks at the interface, its addresses and routes.
constexpr std::array<std::string_view, 8> k_checking = {
    "bridge", "ptp", "macvlan", "ipvlan", "vlan", "host-device", "dummy", "tap"};

// Reference plugins that refuse a cniVersion which others of the same release take.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> k_oldest = {
    {{"firewall", "0.4.0"}, {"bandwidth", "0.3.0"}, {"vrf", "0.3.1"}}};

std::optional<std::size_t> count_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

struct Word {
  std::string_view name;
  std::string_view relation;  // "", "=", ">="
  std::string_view value;
};

Word parts_of(std::string_view word) {
  for (const std::string_view relation : {">=", "="}) {
    if (const auto at = word.find(relation); at != std::string_view::npos) {
      return {word.substr(0, at), relation, word.substr(at + relation.size())};
    }
  }
  return {word, "", ""};
}

std::string lack_of_role(const Chain& chain, std::string_view role) {
  if (chain.find(role)) {
    return {};
  }
  if (role == "@ports") {
    return "no plugin of the chain declares the capability portMappings";
  }
  if (role == "@masquerade") {
    return "no plugin of the chain has ipMasq";
  }
  if (role == "@ipam") {
    return "the chain's interface plugin has no IPAM plugin";
  }
  if (role == "@interface") {
    return "no plugin of the chain makes an interface";
  }
  if (role.starts_with("@capability:")) {
    return fmt::format("no plugin of the chain declares the capability {}",
                       role.substr(role.find(':') + 1));
  }
  return fmt::format("the chain has {} only, and none is {}", counted(chain.size(), "plugin"),
                     role);
}

std::string lack_of_type(const Chain& chain, std::string_view role, std::string_view types) {
  if (auto lack = lack_of_role(chain, role); !lack.empty()) {
    return lack;
  }
  const auto part = *chain.find(role);
  const auto wanted = split(types, ',');
  if (std::find(wanted.begin(), wanted.end(), part.type) != wanted.end()) {
    return {};
  }
  const auto what = role == "@ipam"        ? "the chain's IPAM plugin"
                    : role == "@interface" ? "the chain's interface plugin"
                    : role == "@ports"     ? "the chain's plugin for port mappings"
                                           : "the plugin that it is about";
  return fmt::format("{} is {}, and this is about {}", what, part.type, fmt::join(wanted, " or "));
}

// A static address and a NIC of the node are there once.
bool holds_one_pod(const Chain& chain) {
  const auto ipam = chain.find("@ipam");
  const auto made = chain.find("@interface");
  return (ipam && ipam->type == "static") || (made && made->type == "host-device");
}

std::string lack_of_pods(const Chain& chain, std::size_t pods) {
  const auto range = chain.range();
  const std::uint64_t taken_for_enough = holds_one_pod(chain) ? 1 : pods;
  const auto room = range ? range->count(pods) : taken_for_enough;
  return room >= pods ? std::string()
                      : fmt::format("the chain has room for {} at once, and this runs {}",
                                    counted(room, "pod"), pods);
}

std::string lack_of_version(const Chain& chain, std::string_view version) {
  const auto wanted = Version::parse(version);
  for (const auto& [type, oldest] : k_oldest) {
    const auto least = Version::parse(oldest);
    if (chain.find(type) && wanted && least && *wanted < *least) {
      return fmt::format("the chain's plugin {} takes no cniVersion {}", type, version);
    }
  }
  return {};
}

std::string lack_of_plain(const Chain& chain, std::string_view name) {
  if (name == "list") {
    return chain.is_list() ? "" : "the configuration is a single plugin (.conf), and no list";
  }
  if (name == "checks") {
    const auto made = chain.find("@interface");
    return made && std::find(k_checking.begin(), k_checking.end(), made->type) != k_checking.end()
               ? ""
               : fmt::format("what CHECK of {} looks at is not known",
                             made ? made->type : "the chain");
  }
  if (name == "default-route") {
    return chain.has_default_route() ? ""
                                     : "the chain gives the pod no default route in its main table";
  }
  if (name == "gateway") {
    return chain.has_gateway() ? "" : "the node has no address in the pod's network";
  }
  if (name == "ipv4") {
    const auto range = chain.range();
    return range && range->subnet.is_ipv4() ? "" : "the chain's first range is not of IPv4";
  }
  if (name == "iptables") {
    return chain.calls_iptables("") ? "" : "no plugin of the chain calls iptables";
  }
  return chain.forces_address() ? "the chain's bridge takes another address by forceAddress" : "";
}

constexpr std::array<std::string_view, 7> k_plain = {"list", "checks",   "default-route", "gateway",
                                                     "ipv4", "iptables", "no-force"};

}  // namespace

Expected<void> check_chain_word(std::string_view word) {
  const auto [name, relation, value] = parts_of(word);
  if (Chain::is_role(name)) {
    TRY(Chain::check_role(name));
    if (relation == ">=" || (relation == "=" && value.empty())) {
      return input_error("\"{}\": a role has types behind \"=\": {}=bridge", word, name);
    }
    return {};
  }
  if ((name == "plugins" || name == "pods") && relation == ">=" && count_of(value)) {
    return {};
  }
  if (name == "iptables" && relation == "=" && Chain::is_role(value)) {
    return Chain::check_role(value);
  }
  if ((name == "no" || name == "takes") && relation == "=" && !value.empty()) {
    return {};
  }
  if (relation.empty() && std::find(k_plain.begin(), k_plain.end(), name) != k_plain.end()) {
    return {};
  }
  return input_error(
      "\"{}\" is nothing that a chain can be asked for; write @ROLE, @ROLE=TYPE, plugins>=N, "
      "pods>=N, no=TYPE, takes=VERSION, iptables=@ROLE or one of {}",
      printable(std::string(word)), fmt::join(k_plain, ", "));
}

std::string lack_of(const Chain& chain, std::string_view word) {
  const auto [name, relation, value] = parts_of(word);
  if (Chain::is_role(name)) {
    return value.empty() ? lack_of_role(chain, name) : lack_of_type(chain, name, value);
  }
  if (name == "plugins") {
    const auto wanted = count_of(value).value_or(0);
    return chain.size() >= wanted ? std::string()
                                  : fmt::format("the chain has {}, and this takes {}",
                                                counted(chain.size(), "plugin"), wanted);
  }
  if (name == "pods") {
    return lack_of_pods(chain, count_of(value).value_or(0));
  }
  if (name == "no") {
    return chain.find(value) ? fmt::format("the chain has {} already", value) : std::string();
  }
  if (name == "takes") {
    return lack_of_version(chain, value);
  }
  if (name == "iptables" && !value.empty()) {
    if (auto lack = lack_of_role(chain, value); !lack.empty()) {
      return lack;
    }
    return chain.calls_iptables(value)
               ? std::string()
               : fmt::format("{} of the chain does not call iptables", chain.find(value)->type);
  }
  return lack_of_plain(chain, name);
}

std::string lack_of_plugin(const Chain& chain, std::string_view plugin) {
  if (Chain::is_role(plugin)) {
    return lack_of_role(chain, plugin);
  }
  return chain.find(plugin) ? std::string() : fmt::format("the chain has no plugin {}", plugin);
}

}  // namespace cni_matrix::chain
