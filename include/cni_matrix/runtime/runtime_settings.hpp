#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix {

// What containerd's configuration file says of the pod network. A release that does not know a key
// passes over it, so the same settings mean different things to different releases:
// https://github.com/containerd/containerd/blob/main/docs/cri/config.md
struct RuntimeSettings {
  // The file's own `version`: 2 (containerd 1.3 on), 3 (2.0 on), 4 (2.3 on). It decides where the
  // other keys stand in the file.
  int config_version = 2;
  std::optional<int> max_conf_num;  // files of the configuration directory; 0: all; default 1
  bool setup_serially = false;      // since 1.7.0
  bool internal_loopback = false;   // use_internal_loopback, since 2.0.0
  std::string bin_dir;  // where plugins are; default that of the node, unless bin_dirs is set
  std::vector<std::string> bin_dirs;  // the same since 2.1.0; not beside bin_dir

  std::string
      ip_pref;  // which address is the pod's first, since 1.6.0: "ipv4" (default), "ipv6", "cni"
  // The text of the file that conf_template names: what UpdateRuntimeConfig makes a configuration
  // of; empty: there is none.
  std::string conf_template;

  // A runtime handler with a network of its own, since 1.6.0.
  struct Handler {
    std::string conf_dir;  // cni_conf_dir; empty: the network of all others
    int max_conf_num = 0;  // cni_max_conf_num; 0: as max_conf_num
  };
  std::map<std::string, Handler> handlers;  // by the name that RunPodSandbox says
};

}  // namespace cni_matrix
