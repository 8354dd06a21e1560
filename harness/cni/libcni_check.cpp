#include "libcni.hpp"

#include "go/format.hpp"
#include "go/json_parse.hpp"

#include <fmt/format.h>

// CHECK, which is the same in every release since 0.7.0: forward through the list, each plugin with
// the cached result, until one fails. What a plugin says comes without a prefix, unlike ADD's.
namespace cni_matrix::cni {

using go::Decoded;

Decoded<void> Libcni::check_network_list(const NetworkConfigList& list,
                                         const RuntimeConf& runtime) {
  const auto supported = at_least(list.cni_version, "0.4.0", m_traits.empty_version);
  if (!supported) {
    return tl::unexpected(supported.error());
  }
  if (!*supported) {
    return tl::unexpected(fmt::format("configuration version {} does not support the CHECK command",
                                      go::quote(list.cni_version)));
  }
  if (list.disable_check) {
    return {};
  }
  const auto cached = cached_result(list, runtime);
  if (!cached) {
    return tl::unexpected(fmt::format("failed to get network {} cached result: {}",
                                      go::quote(list.name), cached.error()));
  }
  for (const auto& plugin : list.plugins) {
    if (auto checked = exec_without_result("CHECK", list, plugin, *cached, runtime); !checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace cni_matrix::cni
