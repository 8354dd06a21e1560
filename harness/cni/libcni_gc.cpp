#include "libcni.hpp"

#include "go/json_parse.hpp"
#include "go/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

// GC, which came with libcni 1.2.0: it takes what is left in the cache for what there is.
namespace cni_matrix::cni {

using go::Decoded;
using go::Value;

namespace {

Value to_value(const std::vector<ValidAttachment>& attachments) {
  Value list = Value::array();
  for (const auto& attachment : attachments) {
    list.items.push_back(Value::object({{"containerID", Value::of(attachment.container_id)},
                                        {"ifname", Value::of(attachment.interface)}}));
  }
  return list;
}

}  // namespace

Decoded<void> Libcni::gc_network_list(const NetworkConfigList& list,
                                      const std::vector<ValidAttachment>& valid,
                                      std::chrono::steady_clock::time_point deadline) {
  if (list.disable_gc) {
    return {};
  }
  const auto cached = cached_attachments();
  if (!cached) {
    return {};  // libcni keeps it to itself
  }
  std::vector<std::string> errors;
  for (const auto& [network, known] : *cached) {
    const ValidAttachment attachment{known.container_id, known.interface};
    if (network != list.name || std::find(valid.begin(), valid.end(), attachment) != valid.end()) {
      continue;
    }
    auto runtime = known;
    runtime.deadline = deadline;
    if (const auto deleted = del_network_list(list, runtime); !deleted) {
      errors.push_back(fmt::format("failed to delete stale attachment {} {}: {}",
                                   runtime.container_id, runtime.interface, deleted.error()));
    }
  }
  if (!at_least(list.cni_version, "1.1.0", m_traits.empty_version).value_or(false)) {
    return errors.empty() ? Decoded<void>()
                          : tl::unexpected(fmt::format("{}", fmt::join(errors, "\n")));
  }
  std::vector<std::pair<std::string, Value>> values = {
      {"name", Value::of(list.name)},
      {"cniVersion", Value::of(list.cni_version)},
      {"cni.dev/valid-attachments", to_value(valid)}};
  if (m_traits.gc_with_both_keys) {
    values.emplace_back("cni.dev/attachments", to_value(valid));
  }
  RuntimeConf nobody;
  nobody.deadline = deadline;
  for (const auto& plugin : list.plugins) {
    const auto config = inject_conf(plugin, values, m_traits);
    if (!config) {
      // libcni goes on with a nil configuration.
      return tl::unexpected(std::string(k_nil_panic));
    }
    const auto path = find_plugin(config->network.type);
    auto output = path ? exec(*path, config->bytes, "GC", nobody) : tl::unexpected(path.error());
    if (!output) {
      errors.push_back(
          fmt::format("failed to GC plugin {}: {}", plugin.network.type, output.error()));
    }
  }
  return errors.empty() ? Decoded<void>()
                        : tl::unexpected(fmt::format("{}", fmt::join(errors, "\n")));
}

}  // namespace cni_matrix::cni
