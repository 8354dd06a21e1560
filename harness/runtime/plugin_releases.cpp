#include "plugin_releases.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace cni_matrix {
namespace {

struct Release {
  unsigned major;
  unsigned minor;
  unsigned patch;
};

bool is_before(const Version& version, const Release& release) {
  return std::tie(version.major, version.minor, version.patch) <
         std::tie(release.major, release.minor, release.patch);
}

constexpr Release k_always = {0, 0, 0};
constexpr Release k_never = {~0U, 0, 0};

struct Plugin {
  std::string_view type;
  Release since = k_always;
  Release gone = k_never;  // the first release without it
};

constexpr std::array k_plugins = {Plugin{"bridge"},
                                  Plugin{"dhcp"},
                                  Plugin{"flannel", k_always, {1, 0, 0}},
                                  Plugin{"host-local"},
                                  Plugin{"ipvlan"},
                                  Plugin{"loopback"},
                                  Plugin{"macvlan"},
                                  Plugin{"portmap"},
                                  Plugin{"ptp"},
                                  Plugin{"tuning"},
                                  Plugin{"vlan"},
                                  Plugin{"host-device", {0, 7, 0}},
                                  Plugin{"bandwidth", {0, 8, 0}},
                                  Plugin{"firewall", {0, 8, 0}},
                                  Plugin{"sbr", {0, 8, 0}},
                                  Plugin{"static", {0, 8, 0}},
                                  Plugin{"vrf", {0, 9, 0}},
                                  Plugin{"dummy", {1, 2, 0}},
                                  Plugin{"tap", {1, 3, 0}}};

}  // namespace

bool release_has_plugin(const Version& plugins, std::string_view type) {
  return std::any_of(k_plugins.begin(), k_plugins.end(), [&](const Plugin& plugin) {
    return plugin.type == type && !is_before(plugins, plugin.since) &&
           is_before(plugins, plugin.gone);
  });
}

}  // namespace cni_matrix
