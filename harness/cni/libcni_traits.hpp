#pragma once

#include "result.hpp"
#include "spec_version.hpp"

#include "go/json_parse.hpp"
#include <cni_matrix/base/version.hpp>

#include <string>

namespace cni_matrix::cni {

// Where a plugin's result takes its version from.
enum class ResultVersion {
  of_configuration,         // libcni 0.7, 0.8: whatever the result says
  own,                      // 1.0, 1.1.0: the result's; none means 0.1.0
  own_or_of_configuration,  // 1.1.1 on (containernetworking/cni#895)
};

// What differs between the releases of libcni that containerd has vendored. Each comment names the
// first release that behaves so.
struct LibcniTraits {
  ResultLibrary results = ResultLibrary::v1_2;
  ResultVersion result_version = ResultVersion::own_or_of_configuration;
  EmptyVersion empty_version = EmptyVersion::is_0_1_0;  // 1.1.0
  bool null_plugin_panics = false;                      // until 1.0.1: `"plugins": [null]`
  bool null_result_panics = false;                      // 1.1.1 only
  bool lower_case_errors = true;                        // 0.8.0: "failed to parse plugin config"
  bool cache_with_config = true;                        // 0.8.0: cniCacheV1
  bool validates_names = true;         // 0.8.0: containerID, network name, interface name
  bool shows_stderr = true;            // 0.8.0: `netplugin failed: "..."`, retry of ETXTBSY
  bool refuses_path_in_type = true;    // 0.8.1
  bool names_plugin_in_errors = true;  // 1.0.0: `plugin type="bridge" failed (add): `
  bool names_cached_version = false;   // until 0.8.1: "failed to convert cached result version ..."
  bool cache_with_netns = true;        // 1.2.0
  bool tolerates_bad_cache = true;     // 1.2.0: DEL goes on without it, and removes it
  bool version_list = true;            // 1.2.0: cniVersions; booleans may be written as text
  bool collects_garbage = true;        // 1.2.0: GCNetworkList
  bool gc_with_both_keys = true;       // 1.2.3: cni.dev/attachments too (cni#1101)
  bool omits_empty_dns = true;         // 1.3.0: in a plugin configuration that is marshalled
  bool plugins_in_directory = true;    // 1.3.0: conf.d/<network name>/*.conf
  std::string conf_name = "PluginConf";  // Go's name of a plugin configuration, 1.3.0

  go::JsonPackage json = go::JsonPackage::v1;  // of the Go that it is built with

  static LibcniTraits of(const Version& libcni);
};

}  // namespace cni_matrix::cni
