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
  // Of classes that one plugin alone answers for (lease, veth, nat-rule, filter-rule).
  std::set<node::LeakClass> made;
  // Whether a plugin that nothing is known of has something left, so that any class may be.
  bool unknown = false;
  // Some network was attached as a whole, so that there was a result to keep.
  bool attached = true;
  // By step: a DEL of a pod whose ADD began in it failed, before it ended.
  std::vector<bool> clean_up_failed;

  enum class Is { left, maybe, gone };
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
