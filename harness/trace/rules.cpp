#include "rules.hpp"

#include "arguments.hpp"
#include "commands.hpp"
#include "configuration.hpp"
#include "lifecycle.hpp"
#include "result.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::trace {

namespace {

struct Entry {
  TraceRule rule;
  Sentences (*check)(const Calls&, const TraceFacts&);
  bool ours_too = false;  // the calls of our own caller of libcni count as well
};

// A rule that is written NAME=ARGUMENT.
struct FamilyEntry {
  TraceRule rule;
  Sentences (*check)(const Calls&, std::string_view argument);
  bool ours_too = false;
};

constexpr std::string_view k_lifecycle = "SPEC section 3, Lifecycle & Ordering";
constexpr std::string_view k_request = "SPEC section 3, Deriving request configuration";

const std::vector<Entry>& entries() {
  static const std::vector<Entry> k_entries = {
      {{"add-has-del", k_lifecycle,
        "Every ADD, also one that failed, is followed by a DEL of the same plugin, container, "
        "interface and network."},
       add_has_del},
      {{"del-in-reverse", "SPEC section 3, Deleting an attachment",
        "DEL goes through the plugins in the reverse order of ADD."},
       del_in_reverse},
      {{"no-overlap", "SPEC section 3, Lifecycle & Ordering; containerd/go-cni#76",
        "No two calls for one container run at the same time, except ADDs of different interfaces "
        "where the runtime attaches in parallel by design."},
       no_overlap},
      {{"one-at-a-time", "SPEC section 3, Lifecycle & Ordering",
        "No two calls for one container run at the same time, whatever the runtime was made for."},
       one_at_a_time},
      {{"loopback-first-on-del",
        "containerd/go-cni#137: the order of networks is the runtime's own",
        "The networks of a pod are taken down in the order in which they were configured, so lo "
        "before the others."},
       loopback_first_on_del},
      {{"prev-result-on-add", k_request,
        "On ADD every plugin but the first gets a prevResult, and the first gets none."},
       prev_result_on_add},
      {{"prev-result-on-del", "SPEC section 3, Deleting an attachment; since cniVersion 0.4.0",
        "From cniVersion 0.4.0 on every plugin gets the result of ADD as prevResult on DEL, until "
        "a DEL has succeeded."},
       prev_result_on_del},
      {{"same-args-on-del", k_lifecycle, "DEL gets the same CNI_ARGS as ADD, in whatever order."},
       same_args_on_del},
      {{"same-interface-on-del", k_lifecycle, "DEL gets the same CNI_IFNAME as ADD."},
       same_interface_on_del},
      {{"same-runtime-config-on-del", k_lifecycle, "DEL gets the same runtimeConfig as ADD."},
       same_runtime_config_on_del},
      {{"name-and-version", k_request,
        "Every plugin gets name and cniVersion, the same ones over the whole list."},
       name_and_version},
      {{"no-capabilities", k_request, "The key capabilities is not passed on to a plugin."},
       no_capabilities},
      {{"runtime-config-as-declared", "SPEC section 3, Deriving runtimeConfig",
        "A plugin gets only those keys of runtimeConfig that its configuration declares among its "
        "capabilities."},
       runtime_config_as_declared},
      {{"keys-kept", k_request,
        "A plugin gets every key of its configuration as it is written there, also those that "
        "nobody knows."},
       keys_kept},
      {{"pod-arguments", "CNI CONVENTIONS, CNI_ARGS; containerd internal/cri toCNILabels",
        "CNI_ARGS names the pod: K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_INFRA_CONTAINER_ID and, "
        "where the runtime knows it, K8S_POD_UID."},
       pod_arguments},
      {{"netns-on-add", "SPEC section 2, ADD", "CNI_NETNS is not empty on ADD."}, netns_on_add},
      {{"netns-on-del", "SPEC section 2, DEL; section 3, Lifecycle & Ordering",
        "CNI_NETNS on DEL is that of ADD or empty: never another one, nor one that is gone."},
       netns_on_del},
      {{"no-check-no-gc", "containerd/containerd#13332, containerd/go-cni#131",
        "containerd calls neither CHECK nor GC."},
       no_check_no_gc},
      {{"no-calls", "CRI NamespaceOption, network NODE",
        "No ADD and no DEL at all: a pod in the host's network."},
       no_calls},
      {{"gc-exclusive", k_lifecycle,
        "No ADD and no DEL of a network runs while one of its plugins collects garbage, whoever "
        "calls."},
       gc_exclusive,
       true},
      {{"gc-keys", "SPEC section 2, GC; containernetworking/cni#1101",
        "GC names the valid attachments under cni.dev/valid-attachments and, for plugins that "
        "follow an earlier text of SPEC, under cni.dev/attachments; the lists are the same."},
       gc_keys,
       true},
  };
  return k_entries;
}

const std::vector<FamilyEntry>& families() {
  static const std::vector<FamilyEntry> k_families = {
      {{"negotiated=VERSION", "SPEC section 1, Version considerations",
        "The first ADD of a network other than loopback got this cniVersion (none: no version)."},
       negotiated},
      {{"called=COMMAND", "SPEC section 2",
        "At least one plugin is called with this command, also by the steps check and gc."},
       called,
       true},
      {{"not-called=COMMAND", "SPEC section 1, disableCheck and disableGC",
        "No plugin is called with this command, not even by the steps check and gc."},
       not_called,
       true},
  };
  return k_families;
}

const Entry* find_entry(std::string_view name) {
  const auto found = std::find_if(entries().begin(), entries().end(),
                                  [&](const Entry& entry) { return entry.rule.name == name; });
  return found == entries().end() ? nullptr : &*found;
}

// "negotiated=VERSION" itself is not one of them: it stands for them.
const FamilyEntry* find_family(std::string_view name) {
  const auto stem = name.substr(0, name.find('=') + 1);
  const auto found =
      std::find_if(families().begin(), families().end(), [&](const FamilyEntry& family) {
        return !stem.empty() && family.rule.name.starts_with(stem) && name != stem &&
               name != family.rule.name;
      });
  return found == families().end() ? nullptr : &*found;
}

}  // namespace

const std::vector<TraceRule>& trace_rules() {
  static const std::vector<TraceRule> k_rules = [] {
    std::vector<TraceRule> rules;
    for (const auto& entry : entries()) {
      rules.push_back(entry.rule);
    }
    for (const auto& family : families()) {
      rules.push_back(family.rule);
    }
    return rules;
  }();
  return k_rules;
}

bool is_trace_rule(std::string_view name) {
  return find_family(name) != nullptr || find_entry(name) != nullptr;
}

std::vector<std::string> violations(std::string_view rule,
                                    const std::vector<recorder::PluginCall>& trace,
                                    const TraceFacts& facts) {
  const auto calls = [&](bool ours_too) {
    return ours_too ? all_calls(trace) : runtime_calls(trace);
  };
  if (const auto* family = find_family(rule)) {
    return family->check(calls(family->ours_too), rule.substr(rule.find('=') + 1));
  }
  if (const auto* entry = find_entry(rule)) {
    return entry->check(calls(entry->ours_too), facts);
  }
  return {fmt::format("there is no rule \"{}\" for traces", rule)};
}

}  // namespace cni_matrix::trace
