#pragma once

#include <cni_matrix/base/version.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <string>
#include <vector>

namespace cni_matrix::compat {

// One point of what can be asked: may pods live with this?
struct Subject {
  Version containerd;
  Version plugins;
  std::string cni_version;          // "none", "empty" or the text
  std::vector<std::string> traits;  // scenario::conflist_traits()
  // No plugin of the list is one of the reference plugins, whose release says nothing of it then.
  bool foreign = false;
  bool host_port = false;   // the pod publishes one
  bool mark_chain = false;  // kube-proxy's chain KUBE-MARK-MASQ is there
};

// The scenario that all of this is about: run, stop, remove.
inline constexpr const char* k_lifecycle = "lifecycle";

// Whether a condition can hold in such a life: it asks for nothing that somebody does to the node
// or to the configuration meanwhile.
bool is_of_a_plain_life(const verdict::BehaviourCase& rule);

}  // namespace cni_matrix::compat
