#include "chain.hpp"

#include "runtime/node_layout.hpp"
#include <cni_matrix/base/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include <strings.h>

namespace cni_matrix::chain {

namespace {

constexpr std::string_view k_default_bridge = "cni0";
constexpr std::string_view k_capability = "@capability:";

// Reference plugins that change an interface which another one has made. Any other type, a
// vendor's too, is taken for one that makes it.
constexpr std::array<std::string_view, 6> k_chained = {"portmap",   "firewall", "tuning",
                                                       "bandwidth", "sbr",      "vrf"};

// Of any release, flannel of those before 1.0.0.
constexpr std::array<std::string_view, 19> k_reference = {
    "bandwidth",  "bridge", "dhcp",     "dummy",   "firewall", "flannel", "host-device",
    "host-local", "ipvlan", "loopback", "macvlan", "portmap",  "ptp",     "sbr",
    "static",     "tap",    "tuning",   "vlan",    "vrf"};

bool is_chained(std::string_view type) {
  return std::find(k_chained.begin(), k_chained.end(), type) != k_chained.end();
}

std::string text_of(const Json& object, std::string_view key) {
  const auto* found = go_member(object, key);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const Json& object, std::string_view key) {
  const auto* found = go_member(object, key);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

const Json* object_of(const Json& object, std::string_view key) {
  const auto* found = go_member(object, key);
  return found != nullptr && found->is_object() ? found : nullptr;
}

const Json* array_of(const Json& object, std::string_view key) {
  const auto* found = go_member(object, key);
  return found != nullptr && found->is_array() ? found : nullptr;
}

bool declares(const Json& plugin, std::string_view capability) {
  const auto* capabilities = object_of(plugin, "capabilities");
  if (capabilities == nullptr) {
    return false;
  }
  const auto found = capabilities->find(std::string(capability));
  return found != capabilities->end() && found->is_boolean() && found->get<bool>();
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number != 0
             ? std::optional(number)
             : std::nullopt;
}

// host-local's range sets: the range that stands in the IPAM object itself comes first.
std::vector<Json> ranges_of(const Json& ipam) {
  std::vector<Json> ranges;
  if (!text_of(ipam, "subnet").empty()) {
    ranges.push_back(ipam);
  }
  if (const auto* sets = array_of(ipam, "ranges")) {
    for (const auto& set : *sets) {
      for (const auto& range : set.is_array() ? set : Json::array()) {
        if (range.is_object()) {
          ranges.push_back(range);
        }
      }
    }
  }
  return ranges;
}

std::string without_slash(const std::filesystem::path& path) {
  const auto text = path.string();
  return text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

bool takes_master(std::string_view type) {
  return type == "macvlan" || type == "ipvlan" || type == "vlan";
}

void add(std::vector<std::string>& traits, const std::string& trait) {
  if (!trait.empty() && std::find(traits.begin(), traits.end(), trait) == traits.end()) {
    traits.push_back(trait);
  }
}

// A route of the IPAM plugin's that is no default route and leaves its gateway to the interface
// plugin.
bool has_route_without_gateway(const Json* ipam) {
  const auto* routes = ipam == nullptr ? nullptr : array_of(*ipam, "routes");
  return routes != nullptr && std::any_of(routes->begin(), routes->end(), [](const Json& route) {
           const auto to = text_of(route, "dst");
           return !to.empty() && to != "0.0.0.0/0" && to != "::/0" && text_of(route, "gw").empty();
         });
}

// Far more than a configuration that people write has; what is beyond is no trait.
constexpr std::size_t k_most_traits = 512;
constexpr std::size_t k_longest_value = 128;
constexpr int k_deepest = 4;

// "tuning.mtu" and "tuning.mtu=1400" of every key that holds something.
void add_keys(std::vector<std::string>& traits, const std::string& place, const Json& object,
              int depth = 1) {
  constexpr std::array<std::string_view, 5> k_not_settings = {"type", "name", "cniVersion", "ipam",
                                                              "delegate"};
  for (const auto& [key, value] : object.items()) {
    if (traits.size() >= k_most_traits || key.size() > k_longest_value ||
        (depth == 1 && std::any_of(k_not_settings.begin(), k_not_settings.end(),
                                   [&key = key](std::string_view other) {
                                     return ::strcasecmp(key.c_str(), other.data()) == 0;
                                   }))) {
      continue;
    }
    const auto name = place + "." + key;
    if (value.is_structured()) {
      if (!value.empty()) {
        add(traits, name);
      }
      if (value.is_object() && depth < k_deepest) {
        add_keys(traits, name, value, depth + 1);
      }
      continue;
    }
    if (value.is_null()) {
      continue;
    }
    add(traits, name);
    const auto text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text.size() <= k_longest_value) {
      add(traits, name + "=" + text);
    }
  }
}

}  // namespace

const Json* go_member(const Json& object, std::string_view key) {
  if (!object.is_object()) {
    return nullptr;
  }
  if (const auto exact = object.find(std::string(key)); exact != object.end()) {
    return &*exact;
  }
  for (const auto& [name, value] : object.items()) {
    if (name.size() == key.size() && ::strncasecmp(name.data(), key.data(), key.size()) == 0) {
      return &value;
    }
  }
  return nullptr;
}

Chain::Chain(const Json& configuration) {
  if (!configuration.is_object()) {
    return;
  }
  m_network = text_of(configuration, "name");
  const auto* list = array_of(configuration, "plugins");
  m_is_list = list != nullptr;
  const auto take = [this](const Json& plugin, std::string path) {
    if (!plugin.is_object()) {
      return;
    }
    Plugin taken{plugin, text_of(plugin, "type"), {}, std::move(path)};
    taken.maker = taken.type;
    if (const auto* delegate = object_of(plugin, "delegate")) {
      for (const auto& [key, value] : delegate->items()) {
        taken.object[key] = value;
      }
      if (auto type = text_of(*delegate, "type"); !type.empty()) {
        taken.maker = std::move(type);
      }
    }
    m_plugins.push_back(std::move(taken));
  };
  if (m_is_list) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      take((*list)[i], fmt::format("/plugins/{}", i));
    }
  } else if (!text_of(configuration, "type").empty()) {
    take(configuration, "");
  }
}

const Chain& Chain::sample() {
  static const Chain chain(Json::parse(R"({
    "cniVersion": "1.0.0", "name": "sample",
    "plugins": [
      {"type": "bridge", "isGateway": true, "ipMasq": true,
       "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]],
                "routes": [{"dst": "0.0.0.0/0"}]}},
      {"type": "portmap", "capabilities": {"portMappings": true}},
      {"type": "bandwidth", "capabilities": {"bandwidth": true}}
    ]})"));
  return chain;
}

Expected<void> Chain::check_role(std::string_view role) {
  static constexpr std::array<std::string_view, 6> k_names = {"@first", "@last",       "@interface",
                                                              "@ipam",  "@masquerade", "@ports"};
  if (std::find(k_names.begin(), k_names.end(), role) != k_names.end() ||
      (role.starts_with(k_capability) && role.size() > k_capability.size()) ||
      number_of(role.substr(1))) {
    return {};
  }
  return input_error(
      "\"{}\" is no role; there are @first, @last, @2, @-2, @interface, @ipam, @masquerade, @ports "
      "and @capability:NAME",
      role);
}

const Chain::Plugin* Chain::plugin_of(std::string_view role) const {
  const auto first = [this](const auto& fits) -> const Plugin* {
    const auto found = std::find_if(m_plugins.begin(), m_plugins.end(), fits);
    return found == m_plugins.end() ? nullptr : &*found;
  };
  if (m_plugins.empty()) {
    return nullptr;
  }
  if (!is_role(role)) {
    return first(
        [role](const Plugin& plugin) { return plugin.type == role || plugin.maker == role; });
  }
  if (role == "@first") {
    return &m_plugins.front();
  }
  if (role == "@last") {
    return &m_plugins.back();
  }
  if (role == "@interface") {
    return first([](const Plugin& plugin) { return !is_chained(plugin.type); });
  }
  if (role == "@masquerade") {
    return first([](const Plugin& plugin) { return flag_of(plugin.object, "ipMasq"); });
  }
  if (role == "@ports") {
    return first([](const Plugin& plugin) { return declares(plugin.object, "portMappings"); });
  }
  if (role.starts_with(k_capability)) {
    const auto name = role.substr(k_capability.size());
    return first([name](const Plugin& plugin) { return declares(plugin.object, name); });
  }
  const auto number = number_of(role.substr(1));
  const auto size = static_cast<int>(m_plugins.size());
  if (!number || *number > size || *number < -size) {
    return nullptr;
  }
  return &m_plugins[static_cast<std::size_t>(*number > 0 ? *number - 1 : size + *number)];
}

const Json* Chain::ipam() const {
  const auto* plugin = plugin_of("@interface");
  return plugin == nullptr ? nullptr : object_of(plugin->object, "ipam");
}

std::optional<Chain::Part> Chain::find(std::string_view role) const {
  if (role == "@ipam") {
    const auto* plugin = plugin_of("@interface");
    const auto* object = ipam();
    if (object == nullptr || text_of(*object, "type").empty()) {
      return std::nullopt;
    }
    const bool delegated =
        plugin->maker != plugin->type && object_of(plugin->object, "delegate") != nullptr;
    return Part{text_of(*object, "type"), plugin->path + (delegated ? "/delegate/ipam" : "/ipam")};
  }
  if (const auto* plugin = plugin_of(role)) {
    return Part{is_role(role) ? plugin->type : std::string(role), plugin->path};
  }
  // An IPAM plugin by its type.
  if (const auto* object = ipam();
      !is_role(role) && object != nullptr && text_of(*object, "type") == role && !role.empty()) {
    return find("@ipam");
  }
  return std::nullopt;
}

std::string Chain::bridge() const {
  const auto* plugin = plugin_of("@interface");
  if (plugin == nullptr || plugin->maker != "bridge") {
    return {};
  }
  const auto named = text_of(plugin->object, "bridge");
  return named.empty() ? std::string(k_default_bridge) : named;
}

std::uint64_t Chain::Range::count(std::uint64_t limit) const {
  const auto all = count_addresses(first, last, limit + 1);
  const bool gateway_among =
      count_addresses(first, gateway, limit + 1) != 0 && count_addresses(gateway, last, 1) != 0;
  return std::min(limit, gateway_among ? all - 1 : all);
}

std::optional<Chain::Range> Chain::range() const {
  const auto* object = ipam();
  if (object == nullptr || text_of(*object, "type") != "host-local") {
    return std::nullopt;
  }
  const auto ranges = ranges_of(*object);
  if (ranges.empty()) {
    return std::nullopt;
  }
  const auto& written = ranges.front();
  const auto subnet = IpRange::parse(text_of(written, "subnet"));
  if (!subnet) {
    return std::nullopt;
  }
  const auto or_else = [&](std::string_view key, const std::string& fallback) {
    const auto text = text_of(written, key);
    return text.empty() ? fallback : text;
  };
  Range range{*subnet, {}, {}, {}};
  range.gateway = or_else("gateway", subnet->address(1));
  range.first = or_else("rangeStart", subnet->address(1));
  if (range.first == range.gateway) {
    range.first = next_address(range.first);
  }
  // Of IPv4 the last address is the broadcast's.
  auto end = subnet->last_address();
  if (subnet->is_ipv4() && subnet->prefix_bits() < 31) {
    end = subnet->address((std::uint64_t{1} << (32 - subnet->prefix_bits())) - 2);
  }
  range.last = or_else("rangeEnd", end);
  return range;
}

std::vector<IpRange> Chain::subnets() const {
  std::vector<IpRange> subnets;
  for (const auto& plugin : m_plugins) {
    const auto* object = object_of(plugin.object, "ipam");
    if (object == nullptr) {
      continue;
    }
    for (const auto& range : ranges_of(*object)) {
      if (auto subnet = IpRange::parse(text_of(range, "subnet"))) {
        subnets.push_back(*std::move(subnet));
      }
    }
  }
  return subnets;
}

std::string Chain::lease_root() const {
  const auto* object = ipam();
  if (object == nullptr || text_of(*object, "type") != "host-local") {
    return {};
  }
  const auto directory = text_of(*object, "dataDir");
  // Made by filepath.Join, which takes out what is too much.
  return directory.empty() ? std::string(layout::k_leases)
                           : without_slash(std::filesystem::path(directory).lexically_normal());
}

std::string Chain::lease_directory() const {
  const auto root = lease_root();
  return root.empty() ? root : fmt::format("{}/{}", root, m_network);
}

std::vector<std::string> Chain::types() const {
  std::vector<std::string> types;
  for (const auto& plugin : m_plugins) {
    add(types, plugin.type);
    add(types, plugin.maker);
    if (const auto* object = object_of(plugin.object, "ipam")) {
      add(types, text_of(*object, "type"));
    }
  }
  return types;
}

bool Chain::is_reference_plugin(std::string_view type) {
  return std::find(k_reference.begin(), k_reference.end(), type) != k_reference.end();
}

std::vector<std::string> Chain::traits() const {
  std::vector<std::string> traits;
  for (const auto& plugin : m_plugins) {
    add(traits, plugin.type);
    if (plugin.maker != plugin.type) {
      add(traits, plugin.maker);
    }
    if (const auto* object = object_of(plugin.object, "ipam")) {
      add(traits, text_of(*object, "type"));
    }
    if (flag_of(plugin.object, "ipMasq")) {
      add(traits, "ipMasq");
    }
    if (!text_of(plugin.object, "externalSetMarkChain").empty()) {
      add(traits, "externalSetMarkChain");
    }
  }
  if (has_route_without_gateway(ipam())) {
    add(traits, "route-without-gateway");
  }
  for (const auto& plugin : m_plugins) {
    add_keys(traits, plugin.maker, plugin.object);
    if (const auto* object = object_of(plugin.object, "ipam")) {
      add_keys(traits, text_of(*object, "type"), *object);
    }
  }
  return traits;
}

bool Chain::has_default_route() const {
  const auto* plugin = plugin_of("@interface");
  if (plugin == nullptr || std::any_of(m_plugins.begin(), m_plugins.end(), [](const Plugin& other) {
        return other.type == "sbr" || other.type == "vrf";
      })) {
    return false;
  }
  if (flag_of(plugin->object, "isDefaultGateway")) {
    return true;
  }
  const auto* object = ipam();
  const auto* routes = object == nullptr ? nullptr : array_of(*object, "routes");
  return routes != nullptr && std::any_of(routes->begin(), routes->end(), [](const Json& route) {
           const auto to = text_of(route, "dst");
           return to == "0.0.0.0/0" || to == "::/0";
         });
}

bool Chain::cuts_off_node() const {
  constexpr std::array<std::string_view, 6> k_without_node = {"macvlan",     "ipvlan", "vlan",
                                                              "host-device", "tap",    "dummy"};
  const auto* plugin = plugin_of("@interface");
  return plugin != nullptr && ((plugin->maker == "bridge" && !has_gateway()) ||
                               std::find(k_without_node.begin(), k_without_node.end(),
                                         plugin->maker) != k_without_node.end());
}

bool Chain::has_gateway() const {
  const auto* plugin = plugin_of("@interface");
  return plugin != nullptr &&
         (plugin->maker == "ptp" ||
          (plugin->maker == "bridge" &&
           (flag_of(plugin->object, "isGateway") || flag_of(plugin->object, "isDefaultGateway"))));
}

bool Chain::forces_address() const {
  const auto* plugin = plugin_of("@interface");
  return plugin != nullptr && flag_of(plugin->object, "forceAddress");
}

bool Chain::filters_vlans() const {
  return std::any_of(m_plugins.begin(), m_plugins.end(), [](const Plugin& plugin) {
    const auto* vlan = go_member(plugin.object, "vlan");
    return plugin.maker == "bridge" && ((vlan != nullptr && vlan->is_number() && *vlan != 0) ||
                                        array_of(plugin.object, "vlanTrunk") != nullptr);
  });
}

std::vector<std::string> Chain::node_links() const {
  std::vector<std::string> links;
  for (const auto& plugin : m_plugins) {
    const auto* key = takes_master(plugin.maker)      ? "master"
                      : plugin.maker == "host-device" ? "device"
                                                      : nullptr;
    if (key != nullptr && !flag_of(plugin.object, "linkInContainer")) {
      add(links, text_of(plugin.object, key));
    }
  }
  return links;
}

bool Chain::calls_iptables(std::string_view role) const {
  const auto calls = [](const Plugin& plugin) {
    return plugin.type == "firewall" ||
           (plugin.type == "portmap" && text_of(plugin.object, "backend") != "nftables") ||
           (flag_of(plugin.object, "ipMasq") &&
            text_of(plugin.object, "ipMasqBackend") != "nftables");
  };
  if (role.empty()) {
    return std::any_of(m_plugins.begin(), m_plugins.end(), calls);
  }
  const auto* plugin = plugin_of(role);
  return plugin != nullptr && calls(*plugin);
}

}  // namespace cni_matrix::chain
