#pragma once

#include <cni_matrix/node/inventory.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace cni_matrix::verdict {

// One thing that was left, for a person.
struct LeakDescription {
  node::LeakClass leak = node::LeakClass::netns;
  std::string entry;
  // Which plugin or program makes such things, and the pod where the entry or its owner names one:
  // "host-local, pod 8e87b2c01f3a". The first 12 digits of the id, as crictl shows it.
  std::string owner;
  // A command that takes it away: "rm /var/lib/cni/networks/N/10.88.0.2". Words are quoted for a
  // POSIX shell where they need it.
  std::string clean_up;
};

// The classes of what is left of each pod, by its id, where an entry or its owner names one.
std::map<std::string, std::set<node::LeakClass>> leftovers_of_pods(const node::Inventory& leaked);

// Every entry, in the order of the classes. `leaked` is without residue: see split_residue().
std::vector<LeakDescription> describe(const node::Inventory& leaked);

}  // namespace cni_matrix::verdict
