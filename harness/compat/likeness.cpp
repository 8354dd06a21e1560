#include "likeness.hpp"

#include "base/try.hpp"
#include "cni/listed_releases.hpp"
#include "cni/profile.hpp"
#include "runtime/release_facts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace cni_matrix::compat {

namespace {

// What a pod with nothing special to it does not meet: settings of containerd, refused annotations.
ReleaseFacts of_a_plain_life(ReleaseFacts facts) {
  facts.misspells_resource = {};
  facts.knows_ip_pref = {};
  facts.tells_ipv6_apart = {};
  return facts;
}

// All that is known of what a release does about the pod network.
struct Facts {
  ReleaseFacts own;
  Version go_cni;
  Version libcni;
  std::string loopback_version;

  friend bool operator==(const Facts&, const Facts&) = default;
};

// Whether it can matter for the subject, on whatever release of the plugins.
bool may_concern(const verdict::BehaviourCondition& when, const Subject& subject) {
  const auto has = [&](const std::string& trait) {
    return std::find(subject.traits.begin(), subject.traits.end(), trait) != subject.traits.end();
  };
  return (!when.containerd || when.containerd->contains(subject.containerd)) &&
         std::all_of(when.uses.begin(), when.uses.end(), has);
}

}  // namespace

Expected<Likeness> Likeness::make(const verdict::KnownBehaviours& behaviours,
                                  std::vector<Version> plugins) {
  Likeness likeness;
  for (const auto& behaviour : behaviours.all()) {
    for (const auto& rule : behaviour.cases) {
      if (rule.when.plugins && is_of_a_plain_life(rule)) {
        likeness.m_of_plugins.push_back(&rule.when);
      }
    }
  }
  likeness.m_plugins = std::move(plugins);
  TRY_ASSIGN(likeness.m_containerds, cni::listed_releases());
  std::vector<Facts> classes;
  for (const auto& release : likeness.m_containerds) {
    TRY_ASSIGN(const auto profile, cni::profile_for(release));
    const Facts facts{of_a_plain_life(release_facts(release)), profile.go_cni, profile.libcni,
                      profile.loopback_version};
    auto found = std::find(classes.begin(), classes.end(), facts);
    if (found == classes.end()) {
      found = classes.insert(classes.end(), facts);
    }
    likeness.m_class[release] = static_cast<std::size_t>(found - classes.begin());
  }
  return likeness;
}

bool Likeness::of_containerds(const Version& a, const Version& b) const {
  if (a == b) {
    return true;
  }
  const auto of_a = m_class.find(a);
  const auto of_b = m_class.find(b);
  return of_a != m_class.end() && of_b != m_class.end() && of_a->second == of_b->second;
}

bool Likeness::of_plugins(const Version& a, const Version& b, const Subject& subject) const {
  if (a == b) {
    return true;
  }
  const auto is_release = [&](const Version& version) {
    return std::binary_search(m_plugins.begin(), m_plugins.end(), version);
  };
  if (!is_release(a) || !is_release(b)) {
    return false;
  }
  return std::none_of(m_of_plugins.begin(), m_of_plugins.end(),
                      [&](const verdict::BehaviourCondition* when) {
                        return when->plugins->contains(a) != when->plugins->contains(b) &&
                               may_concern(*when, subject);
                      });
}

}  // namespace cni_matrix::compat
