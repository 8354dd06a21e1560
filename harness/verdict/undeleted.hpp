#pragma once

#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <set>
#include <vector>

namespace cni_matrix::verdict {

// What plugins were asked to make and were not asked, or refused, to take back, by the calls that
// were recorded. It says nothing of a plugin that answers DEL with success and leaves something.
struct Undeleted {
  enum class Is { left, maybe, gone };

  // Of classes that one plugin alone answers for (lease, veth, nat-rule, filter-rule).
  std::set<node::LeakClass> made;
  // Whether a plugin that nothing is known of has something left, so that any class may be.
  bool unknown = false;
  // Of pods whose ADD began in a step, up to its end.
  struct Start {
    bool clean_up_failed = false;  // a DEL failed
    Is result = Is::gone;          // of ADD, that libcni keeps for DEL
  };
  std::vector<Start> starts;  // by step

  [[nodiscard]] Is is(node::LeakClass leak) const;
};

Undeleted undeleted(const std::vector<recorder::PluginCall>& trace,
                    const std::vector<scenario::StepResult>& steps);

// Which class of things a plugin makes that it has to take back, asked in the configuration that it
// got. Nothing when the plugin is none that is known.
struct Makes {
  bool known = false;
  std::set<node::LeakClass> classes;
};
Makes made_by(const recorder::PluginCall& add);

}  // namespace cni_matrix::verdict
