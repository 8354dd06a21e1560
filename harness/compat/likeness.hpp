#pragma once

#include "subject.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <map>
#include <vector>

namespace cni_matrix::compat {

// Which releases behave alike as far as is known, so that what was seen of one is a prediction for
// the other.
class Likeness {
 public:
  // `behaviours` has to outlive it. `plugins`: the releases that there are.
  static Expected<Likeness> make(const verdict::KnownBehaviours& behaviours,
                                 std::vector<Version> plugins);

  // The same release facts, go-cni, libcni and loopback configuration. A release that
  // matrix/profiles.json does not list is like none but itself.
  [[nodiscard]] bool of_containerds(const Version& a, const Version& b) const;
  // No known behaviour that may concern the subject tells them apart. A release that there is not
  // is like none but itself.
  [[nodiscard]] bool of_plugins(const Version& a, const Version& b, const Subject& subject) const;

  // In rising order.
  [[nodiscard]] const std::vector<Version>& containerds() const { return m_containerds; }
  [[nodiscard]] const std::vector<Version>& plugins() const { return m_plugins; }

 private:
  std::vector<const verdict::BehaviourCondition*> m_of_plugins;  // that tell plugins apart
  std::vector<Version> m_containerds;
  std::vector<Version> m_plugins;
  std::map<Version, std::size_t> m_class;  // of a containerd; equal ones are alike
};

}  // namespace cni_matrix::compat
