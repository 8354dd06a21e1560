#pragma once

#include "moment.hpp"
#include "observation.hpp"

#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <optional>

namespace cni_matrix::verdict {

enum class Holds {
  no,
  yes,
  build_unknown,  // all but what nobody knows: what the plugins were built with
};

// Whether a condition of a known behaviour holds at this moment of a cell.
// `created` and `host_port` (it publishes one) are of the pod in question, `pod` how it is.
Holds holds(const BehaviourCondition& when, const Moment& now, const Creation& created,
            bool host_port, std::string_view pod, const Observation& observation);

// Whether the configuration of the pod's start, or where it had none that of now, makes such a
// thing at all, so that a
// behaviour may list leases and still be about a configuration without host-local.
bool makes(const Moment& now, const Creation& created, bool host_port, node::LeakClass leak);

// A flag that may be left open.
inline bool flag_fits(const std::optional<bool>& wanted, bool is) {
  return !wanted || *wanted == is;
}

}  // namespace cni_matrix::verdict
