#include "libcni_traits.hpp"

namespace cni_matrix::cni {

LibcniTraits LibcniTraits::of(const Version& libcni) {
  const auto from = [&](unsigned major, unsigned minor, unsigned patch) {
    return libcni >= Version{major, minor, patch, ""};
  };
  LibcniTraits traits;
  if (!from(1, 3, 0)) {
    traits.omits_empty_dns = false;
    traits.plugins_in_directory = false;
    traits.conf_name = "NetConf";
  }
  traits.gc_with_both_keys = from(1, 2, 3);
  if (!from(1, 2, 0)) {
    traits.collects_garbage = false;
    traits.results = ResultLibrary::v1_0;
    traits.cache_with_netns = false;
    traits.tolerates_bad_cache = false;
    traits.version_list = false;
    traits.null_result_panics = from(1, 1, 1) && !from(1, 1, 2);
  }
  if (!from(1, 1, 1)) {
    traits.result_version = ResultVersion::own;
  }
  if (!from(1, 1, 0)) {
    traits.empty_version = EmptyVersion::is_an_error;
    traits.null_plugin_panics = true;
  }
  if (!from(1, 0, 0)) {
    traits.results = ResultLibrary::v0;
    traits.result_version = ResultVersion::of_configuration;
    traits.names_plugin_in_errors = false;
    traits.names_cached_version = true;
  }
  if (!from(0, 8, 1)) {
    traits.refuses_path_in_type = false;
  }
  if (!from(0, 8, 0)) {
    traits.lower_case_errors = false;
    traits.cache_with_config = false;
    traits.validates_names = false;
    traits.shows_stderr = false;
  }
  return traits;
}

}  // namespace cni_matrix::cni
