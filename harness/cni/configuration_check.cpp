#include "configuration_check.hpp"

#include "libcni_traits.hpp"
#include "network_config.hpp"

#include <array>

namespace cni_matrix::cni {

namespace {

// The releases since which loading differs, the newest first; see LibcniTraits.
constexpr std::array<std::array<unsigned, 3>, 4> k_releases = {
    {{1, 3, 0}, {1, 2, 0}, {1, 1, 0}, {0, 7, 1}}};

go::Decoded<NetworkConfigList> load(const std::string& text, bool is_list,
                                    const LibcniTraits& traits) {
  if (is_list) {
    return conf_list_from_bytes(text, traits);
  }
  const auto conf = conf_from_bytes(text, traits);
  if (!conf) {
    return tl::unexpected(conf.error());
  }
  return conf_list_from_conf(*conf, traits);
}

}  // namespace

go::Decoded<void> check_configuration(const std::string& text, bool is_list) {
  std::string newest;
  for (const auto& [major, minor, patch] : k_releases) {
    const auto traits = LibcniTraits::of(Version{major, minor, patch, ""});
    const auto list = load(text, is_list, traits);
    if (list || list.error().find(k_nil_panic) != std::string::npos) {
      return {};
    }
    if (newest.empty()) {
      newest = list.error();
    }
  }
  return tl::unexpected(newest);
}

}  // namespace cni_matrix::cni
