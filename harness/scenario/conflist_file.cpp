#include "conflist_file.hpp"

#include "configuration_files.hpp"
#include "configuration_text.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "chain/chain_words.hpp"
#include "cni/configuration_check.hpp"
#include "runtime/node_layout.hpp"

namespace cni_matrix::scenario {

namespace {

constexpr std::size_t k_conflist_limit = 1U << 20U;

// What is missing where no libcni takes it for a configuration, with its place.
Expected<void> check_shape(const Json& value, const scenario::Conflist& conflist) {
  const auto file = conflist.at.empty()
                        ? conflist.file.string()
                        : fmt::format("{} ({})", conflist.file.string(), conflist.at);
  if (conflist.form == "conf") {
    if (chain::go_member(value, "type") == nullptr) {
      return input_error(
          "{}: at /type: missing; a .conf is one plugin with its type (a list of "
          "plugins is a .conflist)",
          file);
    }
    return {};
  }
  if (!value.contains("name")) {
    return input_error("{}: at /name: a network configuration needs a name, a text", file);
  }
  const auto plugins = value.find("plugins");
  if (plugins == value.end() || !plugins->is_array() || plugins->empty()) {
    return input_error("{}: at /plugins: a network configuration list needs at least one plugin",
                       file);
  }
  for (std::size_t i = 0; i < plugins->size(); ++i) {
    const auto* type = chain::go_member((*plugins)[i], "type");
    if (type == nullptr || !type->is_string()) {
      return input_error("{}: at /plugins/{}: a plugin is an object with a type, a text", file, i);
    }
  }
  return {};
}

// What Go takes is asked of libcni as Go reads it, the rest as its writer meant it.
Expected<void> check(const std::string& text, const ConfigurationText& read,
                     const scenario::Conflist& conflist) {
  if (!read.value.is_object()) {
    return input_error("{}: a network configuration is a JSON object", conflist.file.string());
  }
  const auto good = cni::check_configuration(read.refusal.empty() ? text : read.value.dump(),
                                             conflist.form != "conf");
  if (good) {
    return {};
  }
  TRY(check_shape(Json::parse(read.value.dump()), conflist));
  return input_error("{}: no containerd loads it: {}", conflist.file.string(), good.error());
}

// The configuration that stands in another file, such as that of a node.
Expected<std::string> part_of(const std::string& text, const scenario::Conflist& conflist) {
  TRY_ASSIGN(const auto value, parse_json(text, conflist.file.string()));
  if (!value.contains(Json::json_pointer(conflist.at))) {
    return input_error("{}: there is nothing at {}", conflist.file.string(), conflist.at);
  }
  const auto ordered = OrderedJson::parse(text, nullptr, true, true);
  return ordered.at(OrderedJson::json_pointer(conflist.at)).dump(2) + "\n";
}

constexpr std::string_view k_no_range = "the chain's addresses are not of host-local";

// "/plugins/@ports/backend" as a pointer into this configuration.
Expected<std::string> without_role(const std::string& path, const chain::Chain& chain) {
  constexpr std::string_view k_before = "/plugins/";
  if (!path.starts_with(k_before) || !chain::Chain::is_role(path.substr(k_before.size()))) {
    return path;
  }
  const auto end = path.find('/', k_before.size());
  const auto role = path.substr(k_before.size(), end - k_before.size());
  TRY(chain::Chain::check_role(role));
  if (auto lack = chain::lack_of_plugin(chain, role); !lack.empty()) {
    return unavailable("{}", lack);
  }
  return chain.find(role)->path + (end == std::string::npos ? "" : path.substr(end));
}

}  // namespace

Expected<ConflistFile> ConflistFile::load(const scenario::Conflist& conflist) {
  TRY_ASSIGN(auto text, read_file(conflist.file, k_conflist_limit));
  if (!conflist.at.empty()) {
    TRY_ASSIGN(text, part_of(text, conflist));
  }
  TRY_ASSIGN(auto read, read_configuration(text, conflist.file.string()));
  TRY(check(text, read, conflist));
  ConflistFile file;
  file.m_path = std::filesystem::path(layout::k_cni_conf) /
                fmt::format("10-{}.{}", conflist.name, conflist.form);
  // The order of keys is kept: what a plugin gets is re-marshalled by the runtime, but the cached
  // result and the status show the file as it is.
  file.m_configuration = std::move(read.value);
  file.m_text = text;
  if (!read.refusal.empty()) {
    file.m_refusal = fmt::format(
        "{}: containerd does not load it: {}{}", conflist.file.string(), read.refusal,
        conflist.cni_version ? "; for its cells of another cniVersion it is written anew" : "");
  }
  if (conflist.cni_version) {
    file.set_version(*conflist.cni_version);
  }
  return file;
}

void ConflistFile::set_version(const std::string& version) {
  if (version == "none") {
    m_configuration.erase("cniVersion");
  } else if (m_configuration.contains("cniVersion")) {
    m_configuration["cniVersion"] = version == "empty" ? "" : version;
  } else {
    // First, where people write it.
    OrderedJson with_version = {{"cniVersion", version == "empty" ? "" : version}};
    for (const auto& [key, value] : m_configuration.items()) {
      with_version[key] = value;
    }
    m_configuration = std::move(with_version);
  }
  m_text = m_configuration.dump(2) + "\n";
}

Expected<void> ConflistFile::patch(const Json& patch) {
  const auto file = m_path.filename().string();
  try {
    for (auto operation : OrderedJson::parse(patch.dump())) {
      for (const auto* key : {"path", "from"}) {
        if (operation.contains(key)) {
          TRY_ASSIGN(operation[key], without_role(operation.at(key), chain::Chain(json())));
        }
      }
      if (operation.value("op", "") == "drop") {
        if (!m_configuration.contains(OrderedJson::json_pointer(operation.at("path")))) {
          continue;
        }
        operation["op"] = "remove";
      }
      m_configuration = m_configuration.patch(OrderedJson::array({operation}));
      // Copies of copies double it each time.
      if (m_configuration.dump().size() > k_conflist_limit) {
        return input_error("the patch makes {} larger than {} bytes", file, k_conflist_limit);
      }
    }
  } catch (const OrderedJson::exception& error) {
    return unavailable("the patch does not fit {}: {}", file, error.what());
  }
  if (!m_configuration.is_object()) {
    return input_error("the patch makes {} something else than a JSON object", file);
  }
  m_text = m_configuration.dump(2) + "\n";
  return {};
}

Expected<void> ConflistFile::set_subnet(const std::string& subnet) {
  return set_range({{"subnet", subnet}});
}

Expected<void> ConflistFile::limit_addresses(unsigned count) {
  const auto range = chain::Chain(json()).range();
  if (!range) {
    return unavailable("{}", k_no_range);
  }
  auto last = range->first;
  for (unsigned i = 1; i < count; ++i) {
    last = next_address(last);
    if (last == range->gateway) {
      last = next_address(last);
    }
  }
  OrderedJson limited = {{"subnet", range->subnet.str()},
                         {"rangeStart", range->first},
                         {"rangeEnd", last},
                         {"gateway", range->gateway}};
  return set_range(limited);
}

Expected<void> ConflistFile::set_range(const OrderedJson& range) {
  const chain::Chain chain(json());
  const auto ipam = chain.find("@ipam");
  if (!chain.range() || !ipam) {
    return unavailable("{}", k_no_range);
  }
  auto& object = m_configuration.at(OrderedJson::json_pointer(ipam->path));
  if (object.contains("subnet")) {
    for (const auto* key : {"rangeStart", "rangeEnd", "gateway"}) {
      object.erase(key);
    }
    object.update(range);
  } else if (object.contains("ranges")) {
    object["ranges"][0] = OrderedJson::array({range});
  } else {
    return unavailable("{}", k_no_range);
  }
  m_text = m_configuration.dump(2) + "\n";
  return {};
}

Expected<void> ConflistFile::write() const {
  return write_file(m_path, m_text);
}

Expected<bool> ConflistFile::remove() const {
  return remove_config(m_path.parent_path(), m_path.filename().string());
}

Json ConflistFile::json() const {
  return Json::parse(m_configuration.dump());
}

}  // namespace cni_matrix::scenario
