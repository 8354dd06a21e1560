#include "chain_names.hpp"

#include "chain_words.hpp"

#include "base/regex_text.hpp"
#include "base/text.hpp"
#include "base/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace cni_matrix::chain {

namespace {

// Keys of steps whose texts are regular expressions.
constexpr std::array<std::string_view, 4> k_regex_keys = {"expect", "load", "message", "output"};

// The node's uplink and what probes take: see node/addresses.hpp and probe/data_plane.cpp.
constexpr std::array<std::string_view, 3> k_node_networks = {"192.0.2.0/24", "198.51.100.0/24",
                                                             "203.0.113.0/24"};

// Networks of 10.0.0.0/8 that neither the chain nor the node has.
std::vector<std::string> free_networks(const Chain& chain, std::size_t count) {
  auto taken = chain.subnets();
  for (const auto network : k_node_networks) {
    taken.push_back(*IpRange::parse(network));
  }
  std::vector<std::string> found;
  for (int second = 99; second >= 0 && found.size() < count; --second) {
    const auto network = fmt::format("10.{}.0.0/16", second);
    const auto range = *IpRange::parse(network);
    if (std::none_of(taken.begin(), taken.end(),
                     [&range](const IpRange& other) { return range.overlaps(other); })) {
      found.push_back(network);
    }
  }
  return found;
}

// `name`, or with a number behind it what is not `taken`.
std::string free_name(const std::string& name, const std::string& taken) {
  return name == taken ? name + "9" : name;
}

std::string lack_of_name(std::string_view name) {
  if (name == "BRIDGE") {
    return "the chain has no bridge";
  }
  if (name == "NETWORK") {
    return "the configuration has no name";
  }
  return "the chain's addresses are not of host-local";
}

}  // namespace

ChainNames::ChainNames(Chain chain) : m_began(std::move(chain)) {
  const auto& began = m_began;
  m_names = {{"NETWORK", began.network()},
             {"BRIDGE", began.bridge()},
             {"LEASES", began.lease_directory()},
             {"SUBNET", ""},
             {"GATEWAY", ""},
             {"ADDRESS", ""}};
  if (const auto range = began.range()) {
    m_names["SUBNET"] = range->subnet.str();
    m_names["GATEWAY"] = range->gateway;
    m_names["ADDRESS"] = fmt::format("{}/{}", range->first, range->subnet.prefix_bits());
  }
  const auto networks = free_networks(began, 2);
  add_other("OTHER", "other", networks.empty() ? "" : networks.front());
  add_other("THIRD", "third", networks.size() < 2 ? "" : networks.back());
}

void ChainNames::add_other(const std::string& prefix, const std::string& stem,
                           const std::string& subnet) {
  m_names[prefix + "_NETWORK"] = free_name(stem + "-net", m_began.network());
  m_names[prefix + "_BRIDGE"] = free_name(stem + "0", m_began.bridge());
  m_names[prefix + "_SUBNET"] = subnet;
}

Expected<std::string> ChainNames::fill_text(const std::string& text, bool in_regex) const {
  std::string filled;
  std::size_t from = 0;
  for (auto at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const auto end = text.find('>', at);
    if (end == std::string::npos) {
      break;
    }
    const auto name = std::string_view(text).substr(at + 1, end - at - 1);
    std::string value;
    if (Chain::is_role(name)) {
      TRY(Chain::check_role(name));
      if (auto lack = lack_of_plugin(m_began, name); !lack.empty()) {
        return unavailable("{}", lack);
      }
      value = m_began.find(name)->type;
    } else if (const auto known = m_names.find(name); known != m_names.end()) {
      if (known->second.empty()) {
        return unavailable("{}", lack_of_name(name));
      }
      value = known->second;
    } else {
      continue;  // somebody else's: "<ID>"
    }
    filled += text.substr(from, at - from) + (in_regex ? regex_escaped(value) : value);
    from = end + 1;
    at = end;
  }
  return filled + text.substr(from);
}

Expected<void> ChainNames::fill_value(Json& value, bool in_regex) const {
  if (value.is_string()) {
    TRY_ASSIGN(value, fill_text(value.get<std::string>(), in_regex));
  } else if (value.is_structured()) {
    for (auto& element : value) {
      TRY(fill_value(element, in_regex));
    }
  }
  return {};
}

std::string ChainNames::told(std::string text) const {
  for (const auto& [name, value] : m_names) {
    if (value.empty()) {
      continue;
    }
    const auto placeholder = fmt::format("<{}>", name);
    const auto shown = printable(value);
    for (auto at = text.find(placeholder); at != std::string::npos;
         at = text.find(placeholder, at + shown.size())) {
      text.replace(at, placeholder.size(), shown);
    }
  }
  return text;
}

Expected<Json> ChainNames::fill(const Json& step, const Chain& now) const {
  auto filled = step;
  for (auto& [key, value] : filled.items()) {
    const bool in_regex =
        std::find(k_regex_keys.begin(), k_regex_keys.end(), key) != k_regex_keys.end() &&
        step.value("step", "") != "fault";  // whose "message" is printed
    TRY(fill_value(value, in_regex));
  }
  if (const auto plugin = filled.find("plugin");
      plugin != filled.end() && plugin->is_string() &&
      Chain::is_role(plugin->get_ref<const std::string&>())) {
    const auto role = plugin->get<std::string>();
    TRY(Chain::check_role(role));
    if (auto lack = lack_of_plugin(now, role); !lack.empty()) {
      return unavailable("{}", lack);
    }
    *plugin = now.find(role)->type;
  }
  return filled;
}

}  // namespace cni_matrix::chain
