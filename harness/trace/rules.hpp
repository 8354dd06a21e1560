#pragma once

#include "facts.hpp"

#include <cni_matrix/recorder/plugin_call.hpp>

#include <string>
#include <string_view>
#include <vector>

// What a container runtime owes its plugins, checked on the recorder's trace. "SPEC" is the CNI
// specification 1.1.0, https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md.
namespace cni_matrix::trace {

struct TraceRule {
  std::string_view name;
  std::string_view clause;  // of SPEC, or the issue that it stands on
  std::string_view says;    // one sentence
};

// All of them. "negotiated=VERSION" stands for as many rules as there are versions,
// "called=COMMAND" for as many as there are commands.
const std::vector<TraceRule>& trace_rules();

// Whether violations() knows the name: one of trace_rules(), or "negotiated=1.0.0".
bool is_trace_rule(std::string_view name);

// What in the trace breaks the rule: one sentence each that names plugin, command, container (its
// first 12 digits) and what was seen. Empty when there is nothing to object to, also when the trace
// has nothing that the rule is about. Calls by other plugins (IPAM) are not the runtime's and never
// count; those of our own caller of libcni (cni/libcni_caller.hpp) count where the rule says so. A
// name that is no rule's is answered with a sentence that says so.
std::vector<std::string> violations(std::string_view rule,
                                    const std::vector<recorder::PluginCall>& trace,
                                    const TraceFacts& facts);

}  // namespace cni_matrix::trace
