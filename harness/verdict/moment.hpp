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
  std::vector<std::string> traits;
  std::map<std::string, std::string> state;
};

// Whether a list of traits has it. Keys of plugins are read in any case.
bool has_trait(const std::vector<std::string>& traits, std::string_view trait);

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
  [[nodiscard]] bool has_trait(std::string_view trait) const {
    return verdict::has_trait(traits(), trait);
  }
  // With the name of the network in force. Empty: as it usually is.
  [[nodiscard]] std::string state_of(const std::string& what) const;
  [[nodiscard]] std::map<std::string, std::string> states() const;
  // A new pod has all that one loses.
  void begin_pod();
  // What the plugins were built with; null: not known.
  [[nodiscard]] const std::map<std::string, std::string>* built_with() const;
  bool netns_gone = false;
  std::set<node::LeakClass> damaged;  // what a step has taken from a pod behind its plugins' back
  bool rebooted = false;
  bool conflist_gone = false;
  std::set<std::string> gone_plugins;

 private:
  struct Configuration {
    std::vector<std::string> traits;  // empty: not known
    std::string network;
  };
  [[nodiscard]] const Configuration& in_force() const;

  std::string m_own_file;
  bool m_own_gone = false;
  Configuration m_own;
  std::map<std::string, Configuration> m_files;  // beside it, that can be loaded
  std::map<std::string, std::string> m_state;
  std::string m_plugins_token;
  std::map<std::string, std::map<std::string, std::string>> m_built_with;
};

}  // namespace cni_matrix::verdict
