#pragma once

#include <cni_matrix/base/json.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// A network configuration list as a cell uses it: a file, and what is changed of it.
struct Conflist {
  std::string name;            // "bridge-portmap": what tables and ids say
  std::filesystem::path file;  // absolute
  std::string at{};            // JSON pointer of it in the file; empty: it is all of the file
  // cniVersion: as in the file when absent, else a value, "none" (key removed) or "empty" ("").
  std::optional<std::string> cni_version;
  std::string form = "conflist";  // or "conf": a single plugin, written as 10-NAME.conf

  [[nodiscard]] std::string label() const;  // "bridge-portmap@1.0.0", or "bridge-portmap"
};

// Names that conditions can ask for: every plugin type and IPAM type, "ipMasq" where a plugin sets
// it, "externalSetMarkChain", "route-without-gateway" (of the IPAM plugin, and no default route);
// of a plugin that hands over to another (flannel) that one too. And every key of a plugin:
// "tuning.mtu", "tuning.mtu=1400", "portmap.backend=nftables",
// "portmap.capabilities.portMappings=true", "host-local.dataDir=/run/x".
std::vector<std::string> conflist_traits(const Json& configuration);

// The name of the network; empty where it has none.
std::string network_of(const Json& configuration);

// The cniVersion of a configuration as a cell calls it: "none", "empty" or the text.
std::string cni_version_of(const Json& configuration);

}  // namespace cni_matrix::scenario
