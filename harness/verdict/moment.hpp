#pragma once

#include "observation.hpp"

#include <cni_matrix/base/version.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::verdict {

// What there was when a pod was started; absent unless ADD succeeded: only then there is a cached
// result.
struct Creation {
  std::string cni_version;
  std::optional<Version> containerd;
};

// The node at the moment of a step.
struct Moment {
  explicit Moment(const Observation& beginning);
  // After a step that did this.
  void take(const scenario::Effect& effect);

  Version containerd;
  Version plugins;
  std::string cni_version;
  // Of the configuration that a pod gets: the first file in the directory, by name.
  [[nodiscard]] const std::vector<std::string>& traits() const;
  [[nodiscard]] bool has_trait(std::string_view trait) const;
  bool netns_gone = false;
  std::set<node::LeakClass> damaged;  // what a step has taken from a pod behind its plugins' back
  bool rebooted = false;
  bool conflist_gone = false;
  std::set<std::string> gone_plugins;

 private:
  std::string m_own_file;
  bool m_own_gone = false;
  std::vector<std::string> m_own_traits;                    // empty: not known
  std::map<std::string, std::vector<std::string>> m_files;  // beside it, that can be loaded
};

}  // namespace cni_matrix::verdict
