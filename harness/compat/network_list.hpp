#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/scenario/conflist.hpp>

#include <string>
#include <vector>

namespace cni_matrix::compat {

// A network configuration list (or a single plugin), as far as it matters whether it works.
struct NetworkList {
  std::string name;                 // "bridge-portmap"
  std::string argument;             // what --conflist takes for it
  std::string cni_version;          // its own: "none", "empty" or the text
  std::vector<std::string> traits;  // scenario::conflist_traits(), with all settings
  std::vector<std::string> types;   // of the plugins that it calls, those for addresses too
  std::vector<std::string> keys;    // what it says to them: "bridge.isGateway", "host-local.ranges"
  bool names_versions = false;      // has "cniVersions", from which newer libcni choose

  // Which plugins there are and what they make at all, of such traits: without their settings.
  // Lists that have these in common are alike.
  static std::vector<std::string> kinds_of(std::vector<std::string> traits);

  // `name` and `argument` stay empty.
  static NetworkList of(const Json& configuration);
  // Reads the file. Error kind: input.
  static Expected<NetworkList> load(const scenario::Conflist& conflist);
};

}  // namespace cni_matrix::compat
