#include "rules.hpp"

#include "attachments.hpp"

#include "cni/spec_version.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace cni_matrix::trace {

namespace {

using Calls = std::vector<RuntimeCall>;
using Sentences = std::vector<std::string>;

bool at_least(const std::string& version, const char* other) {
  return cni::at_least(version, other, cni::EmptyVersion::is_0_1_0).value_or(false);
}

bool is_attachment_call(const RuntimeCall& call) {
  return call.is("ADD") || call.is("DEL");
}

Sentences add_has_del(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& add : calls) {
    if (!add.is("ADD")) {
      continue;
    }
    const auto after = add.raw->finished ? add.raw->end_ns : add.raw->start_ns;
    const bool deleted = std::any_of(calls.begin(), calls.end(), [&](const RuntimeCall& del) {
      return del.is("DEL") && del.raw->start_ns >= after && del.plugin() == add.plugin() &&
             del.container() == add.container() && del.interface() == add.interface() &&
             del.network() == add.network();
    });
    if (!deleted) {
      found.push_back(fmt::format("{} (network \"{}\"{}) has no DEL after it", add.title(),
                                  add.network(), add.succeeded() ? "" : ", failed"));
    }
  }
  return found;
}

// `plugins` without those that `others` lacks.
std::vector<std::string> only_in(std::vector<std::string> plugins,
                                 const std::vector<std::string>& others) {
  std::erase_if(plugins, [&](const std::string& plugin) {
    return std::find(others.begin(), others.end(), plugin) == others.end();
  });
  return plugins;
}

Sentences del_in_reverse(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& attachment : attachments(calls)) {
    for (std::size_t i = 0; i < attachment.runs.size(); ++i) {
      const auto& run = attachment.runs[i];
      const auto* add = attachment.add_before(i);
      if (!run.is("DEL") || add == nullptr) {
        continue;
      }
      // An edit may have put a plugin into the list or taken one out; a failure may end it early.
      const auto seen = only_in(run.plugins(), add->plugins());
      auto expected = only_in(add->plugins(), run.plugins());
      std::reverse(expected.begin(), expected.end());
      if (seen.size() > expected.size() ||
          !std::equal(seen.begin(), seen.end(), expected.begin())) {
        found.push_back(
            fmt::format("{}: DEL called {}, which is not the reverse of the ADD before it: {}",
                        run.calls.front()->title(), fmt::join(run.plugins(), ", "),
                        fmt::join(add->plugins(), ", ")));
      }
    }
  }
  return found;
}

Sentences overlaps(const Calls& calls, bool parallel_adds_allowed) {
  Sentences found;
  for (auto first = calls.begin(); first != calls.end(); ++first) {
    for (auto second = first + 1; second != calls.end(); ++second) {
      const bool same_container =
          !first->container().empty() && first->container() == second->container();
      // Of a call without an end it is not known how long it ran.
      if (!same_container || !first->raw->finished || !second->raw->finished ||
          second->raw->start_ns >= first->raw->end_ns) {
        continue;
      }
      const bool by_design = parallel_adds_allowed && first->is("ADD") && second->is("ADD") &&
                             first->interface() != second->interface();
      if (!by_design) {
        found.push_back(fmt::format("{} started {} us before {} had ended", second->title(),
                                    (first->raw->end_ns - second->raw->start_ns) / 1'000,
                                    first->title()));
      }
    }
  }
  return found;
}

Sentences no_overlap(const Calls& calls, const TraceFacts& facts) {
  return overlaps(calls, facts.parallel_attach);
}

Sentences one_at_a_time(const Calls& calls, const TraceFacts& /*facts*/) {
  return overlaps(calls, false);
}

Sentences loopback_first_on_del(const Calls& calls, const TraceFacts& /*facts*/) {
  std::set<std::string> with_loopback;
  std::set<std::string> taken_down;
  Sentences found;
  for (const auto& call : calls) {
    if (call.is("ADD") && call.interface() == "lo") {
      with_loopback.insert(call.container());
    }
    if (call.is("DEL") && taken_down.insert(call.container()).second &&
        with_loopback.contains(call.container()) && call.interface() != "lo") {
      found.push_back(fmt::format("{} came before the DEL on lo", call.title()));
    }
  }
  return found;
}

Sentences prev_result_on_add(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& attachment : attachments(calls)) {
    for (const auto& run : attachment.runs) {
      if (!run.is("ADD")) {
        continue;
      }
      if (run.calls.front()->has("prevResult")) {
        found.push_back(fmt::format("{} got a prevResult though it is the first of its list",
                                    run.calls.front()->title()));
      }
      for (std::size_t i = 1; i < run.calls.size(); ++i) {
        if (!run.calls[i]->has("prevResult")) {
          found.push_back(fmt::format("{} got no prevResult though {} ran before it",
                                      run.calls[i]->title(), run.calls[i - 1]->plugin()));
        }
      }
    }
  }
  return found;
}

// The plugins of a configuration: its list, or itself.
std::vector<Json> plugins_of(const Json& conflist) {
  if (!conflist.is_object()) {
    return {};
  }
  if (const auto list = conflist.find("plugins"); list != conflist.end() && list->is_array()) {
    return list->get<std::vector<Json>>();
  }
  return {conflist};
}

std::vector<const Json*> conflists_named(const TraceFacts& facts, const std::string& network) {
  std::vector<const Json*> found;
  for (const auto& conflist : facts.conflists) {
    if (text_at(conflist, "name") == network) {
      found.push_back(&conflist);
    }
  }
  return found;
}

// Whether the runtime has a result of this ADD to give to DEL: it came to the list's end, and each
// result could be read.
bool left_a_result(const ChainRun& add, const TraceFacts& facts) {
  for (const auto* call : add.calls) {
    const auto result = object_in(call->raw->output);
    if (!call->succeeded() || result.is_null()) {
      return false;
    }
    if (!facts.highest_result.empty() &&
        cni::greater(text_at(result, "cniVersion"), facts.highest_result,
                     cni::EmptyVersion::is_0_1_0)
            .value_or(true)) {
      return false;
    }
  }
  const auto known = conflists_named(facts, add.calls.front()->network());
  return known.empty() || std::any_of(known.begin(), known.end(), [&](const Json* conflist) {
           std::vector<std::string> types;
           for (const auto& plugin : plugins_of(*conflist)) {
             types.push_back(text_at(plugin, "type"));
           }
           return types == add.plugins();
         });
}

Sentences prev_result_on_del(const Calls& calls, const TraceFacts& facts) {
  Sentences found;
  for (const auto& attachment : attachments(calls)) {
    bool there_is_a_result = false;
    for (const auto& run : attachment.runs) {
      if (run.is("ADD")) {
        there_is_a_result = there_is_a_result || left_a_result(run, facts);
        continue;
      }
      for (const auto* call : run.calls) {
        if (there_is_a_result && !call->has("prevResult") && at_least(call->version(), "0.4.0")) {
          found.push_back(
              fmt::format("{} got no prevResult at cniVersion {}", call->title(), call->version()));
        }
      }
      // A DEL that succeeded takes the result with it: a further DEL cannot have one.
      there_is_a_result = there_is_a_result && !run.calls.back()->succeeded();
    }
  }
  return found;
}

// For every DEL of an attachment that has an ADD: visit(del, add).
template <typename Visit>
void for_each_del(const Calls& calls, const Visit& visit) {
  for (const auto& attachment : attachments(calls)) {
    for (std::size_t i = 0; i < attachment.runs.size(); ++i) {
      const auto* add = attachment.add_before(i);
      if (attachment.runs[i].is("DEL") && add != nullptr) {
        for (const auto* del : attachment.runs[i].calls) {
          visit(*del, *add);
        }
      }
    }
  }
}

Sentences same_args_on_del(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for_each_del(calls, [&](const RuntimeCall& del, const ChainRun& add) {
    const auto before = add.calls.front()->arguments();
    const auto now = del.arguments();
    std::vector<std::string> differences;
    for (const auto& [key, value] : before) {
      const auto other = now.find(key);
      if (other == now.end()) {
        differences.push_back(fmt::format("{} is missing", key));
      } else if (other->second != value) {
        differences.push_back(fmt::format("{} is {} and was {}", key, other->second, value));
      }
    }
    for (const auto& [key, value] : now) {
      if (!before.contains(key)) {
        differences.push_back(fmt::format("{}={} is new", key, value));
      }
    }
    if (!differences.empty()) {
      found.push_back(fmt::format("{} got other CNI_ARGS than ADD: {}", del.title(),
                                  fmt::join(differences, ", ")));
    }
  });
  return found;
}

Sentences same_interface_on_del(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& del : calls) {
    std::set<std::string> interfaces;
    for (const auto& add : calls) {
      if (del.is("DEL") && add.is("ADD") && add.raw->start_ns < del.raw->start_ns &&
          add.plugin() == del.plugin() && add.container() == del.container() &&
          add.network() == del.network()) {
        interfaces.insert(add.interface());
      }
    }
    if (!interfaces.empty() && !interfaces.contains(del.interface())) {
      found.push_back(fmt::format("{}: ADD of network \"{}\" was for {}", del.title(),
                                  del.network(), fmt::join(interfaces, ", ")));
    }
  }
  return found;
}

Sentences same_runtime_config_on_del(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for_each_del(calls, [&](const RuntimeCall& del, const ChainRun& add) {
    const RuntimeCall* before = nullptr;  // a list may have the plugin twice
    for (const auto* call : add.calls) {
      if (call->plugin() != del.plugin()) {
        continue;
      }
      if (call->runtime_config() == del.runtime_config()) {
        return;
      }
      before = call;
    }
    if (before != nullptr) {
      found.push_back(fmt::format("{} got the runtimeConfig {}, ADD got {}", del.title(),
                                  del.runtime_config().dump(), before->runtime_config().dump()));
    }
  });
  return found;
}

Sentences name_and_version(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& call : calls) {
    if (!is_attachment_call(call)) {
      continue;
    }
    if (call.input.is_null()) {
      found.push_back(fmt::format("{} got a configuration that is no JSON object", call.title()));
      continue;
    }
    for (const char* key : {"name", "cniVersion"}) {
      if (!call.input.contains(key) || !call.input.at(key).is_string()) {
        found.push_back(fmt::format("{} got a configuration without {}", call.title(), key));
      }
    }
  }
  for (const auto& attachment : attachments(calls)) {
    for (const auto& run : attachment.runs) {
      for (std::size_t i = 1; i < run.calls.size(); ++i) {
        const auto& first = *run.calls.front();
        const auto& call = *run.calls[i];
        if (call.network() != first.network()) {
          found.push_back(fmt::format("{} got the name \"{}\", {} got \"{}\"", call.title(),
                                      call.network(), first.plugin(), first.network()));
        }
        if (call.version() != first.version()) {
          found.push_back(fmt::format("{} got the cniVersion \"{}\", {} got \"{}\"", call.title(),
                                      call.version(), first.plugin(), first.version()));
        }
      }
    }
  }
  return found;
}

Sentences no_capabilities(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& call : calls) {
    if (is_attachment_call(call) && call.has("capabilities")) {
      found.push_back(fmt::format("{} got the key capabilities: {}", call.title(),
                                  call.input.at("capabilities").dump()));
    }
  }
  return found;
}

// What the runtime sets itself, or takes out.
bool is_runtimes_own(const std::string& key) {
  return key == "name" || key == "cniVersion" || key == "cniVersions" || key == "prevResult" ||
         key == "runtimeConfig" || key == "capabilities";
}

// The keys of `plugin` that `input` has not, or has otherwise.
std::vector<std::string> lost_keys(const Json& plugin, const Json& input) {
  std::vector<std::string> lost;
  for (const auto& [key, value] : plugin.items()) {
    if (const auto given = input.find(key);
        !is_runtimes_own(key) && (given == input.end() || *given != value)) {
      lost.push_back(key);
    }
  }
  return lost;
}

Sentences keys_kept(const Calls& calls, const TraceFacts& facts) {
  Sentences found;
  for (const auto& call : calls) {
    if (!is_attachment_call(call)) {
      continue;
    }
    // The call is held against every configuration that there was: any may have been in force.
    std::optional<std::vector<std::string>> fewest;
    for (const auto* conflist : conflists_named(facts, call.network())) {
      for (const auto& plugin : plugins_of(*conflist)) {
        if (text_at(plugin, "type") != call.plugin()) {
          continue;
        }
        auto lost = lost_keys(plugin, call.input);
        if (!fewest || lost.size() < fewest->size()) {
          fewest = std::move(lost);
        }
      }
    }
    if (fewest && !fewest->empty()) {
      found.push_back(
          fmt::format("{} did not get as configured: {}", call.title(), fmt::join(*fewest, ", ")));
    }
  }
  return found;
}

Sentences runtime_config_as_declared(const Calls& calls, const TraceFacts& facts) {
  Sentences found;
  for (const auto& call : calls) {
    const auto known = conflists_named(facts, call.network());
    if (!is_attachment_call(call) || known.empty()) {
      continue;
    }
    std::set<std::string> declared;
    for (const auto* conflist : known) {
      for (const auto& plugin : plugins_of(*conflist)) {
        const auto capabilities = plugin.find("capabilities");
        if (text_at(plugin, "type") != call.plugin() || capabilities == plugin.end()) {
          continue;
        }
        for (const auto& [key, value] : capabilities->items()) {
          if (value == true) {
            declared.insert(key);
          }
        }
      }
    }
    const auto given = call.runtime_config();
    for (const auto& [key, value] : given.items()) {
      if (!declared.contains(key)) {
        found.push_back(
            fmt::format("{} got runtimeConfig {}, which it does not declare", call.title(), key));
      }
    }
  }
  return found;
}

Sentences pod_arguments(const Calls& calls, const TraceFacts& facts) {
  std::vector<std::string> wanted = {"K8S_POD_NAMESPACE", "K8S_POD_NAME",
                                     "K8S_POD_INFRA_CONTAINER_ID"};
  if (facts.pod_uid) {
    wanted.emplace_back("K8S_POD_UID");
  }
  Sentences found;
  for (const auto& call : calls) {
    if (!is_attachment_call(call)) {
      continue;
    }
    const auto arguments = call.arguments();
    for (const auto& key : wanted) {
      const auto argument = arguments.find(key);
      if (argument == arguments.end() || argument->second.empty()) {
        found.push_back(fmt::format("{} got CNI_ARGS without {}", call.title(), key));
      } else if (key == "K8S_POD_INFRA_CONTAINER_ID" && argument->second != call.container()) {
        found.push_back(fmt::format("{} got the {} of another container: {}", call.title(), key,
                                    argument->second.substr(0, 12)));
      }
    }
  }
  return found;
}

Sentences netns_on_add(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& call : calls) {
    if (call.is("ADD") && call.netns().empty()) {
      found.push_back(fmt::format("{} got an empty CNI_NETNS", call.title()));
    }
  }
  return found;
}

Sentences netns_on_del(const Calls& calls, const TraceFacts& facts) {
  Sentences found;
  for_each_del(calls, [&](const RuntimeCall& del, const ChainRun& add) {
    const auto before = add.calls.front()->netns();
    if (!del.netns().empty() && del.netns() != before) {
      found.push_back(fmt::format("{} got CNI_NETNS {}, ADD got {}", del.title(), del.netns(),
                                  before.empty() ? "none" : before));
    }
  });
  for (const auto& call : calls) {
    for (const auto& [path, gone_ns] : facts.netns_gone_ns) {
      const auto plain = path.starts_with("/var/run/") ? path.substr(4) : path;
      if (call.is("DEL") && call.netns() == plain && call.raw->start_ns >= gone_ns) {
        found.push_back(fmt::format("{} got CNI_NETNS {}, which was removed {} ms before",
                                    call.title(), path,
                                    (call.raw->start_ns - gone_ns) / 1'000'000));
      }
    }
  }
  return found;
}

Sentences no_check_no_gc(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& call : calls) {
    if (call.is("CHECK")) {
      found.push_back(fmt::format("{} was called", call.title()));
    } else if (call.is("GC")) {  // has no container
      found.push_back(
          fmt::format("{} GC of network \"{}\" was called", call.plugin(), call.network()));
    }
  }
  return found;
}

Sentences no_calls(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& call : calls) {
    if (call.is("ADD") || call.is("DEL")) {
      found.push_back(fmt::format("{} was called", call.title()));
    }
  }
  return found;
}

Sentences gc_exclusive(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& gc : calls) {
    for (const auto& other : calls) {
      // Of a call without an end it is not known how long it ran.
      if (gc.is("GC") && is_attachment_call(other) && gc.raw->finished && other.raw->finished &&
          other.network() == gc.network() && gc.raw->start_ns < other.raw->end_ns &&
          other.raw->start_ns < gc.raw->end_ns) {
        found.push_back(fmt::format("{} ran during {} GC of network \"{}\"", other.title(),
                                    gc.plugin(), gc.network()));
      }
    }
  }
  return found;
}

constexpr std::array k_attachment_keys = {"cni.dev/valid-attachments", "cni.dev/attachments"};

Sentences gc_keys(const Calls& calls, const TraceFacts& /*facts*/) {
  Sentences found;
  for (const auto& gc : calls) {
    if (!gc.is("GC")) {
      continue;
    }
    const auto title = fmt::format("{} GC of network \"{}\"", gc.plugin(), gc.network());
    std::set<std::string> lists;
    for (const char* key : k_attachment_keys) {
      if (!gc.has(key)) {
        found.push_back(fmt::format("{} got no {}", title, key));
      } else {
        lists.insert(gc.input.at(key).dump());
      }
    }
    if (lists.size() > 1) {
      found.push_back(
          fmt::format("{} got two lists of attachments: {}", title, fmt::join(lists, " and ")));
    }
  }
  return found;
}

bool is_called(const Calls& calls, std::string_view command) {
  return std::any_of(calls.begin(), calls.end(),
                     [&](const RuntimeCall& call) { return call.is(command); });
}

Sentences called(const Calls& calls, std::string_view command) {
  return is_called(calls, command)
             ? Sentences()
             : Sentences{fmt::format("no plugin was called with {}", command)};
}

Sentences not_called(const Calls& calls, std::string_view command) {
  Sentences found;
  for (const auto& call : calls) {
    if (call.is(command)) {
      found.push_back(fmt::format("{} was called with {} for network \"{}\"", call.plugin(),
                                  command, call.network()));
    }
  }
  return found;
}

const RuntimeCall* first_add(const Calls& calls) {
  const auto found = std::find_if(calls.begin(), calls.end(), [](const RuntimeCall& call) {
    return call.is("ADD") && call.plugin() != "loopback";
  });
  return found == calls.end() ? nullptr : &*found;
}

std::string version_or_none(const RuntimeCall& call) {
  return call.version().empty() ? "none" : call.version();
}

Sentences negotiated(const Calls& calls, std::string_view wanted) {
  const auto* add = first_add(calls);
  if (add == nullptr || version_or_none(*add) == wanted) {
    return {};
  }
  return {
      fmt::format("{} got the cniVersion {}, not {}", add->title(), version_or_none(*add), wanted)};
}

struct Entry {
  TraceRule rule;
  Sentences (*check)(const Calls&, const TraceFacts&);
  bool driver_too = false;  // the calls of our own driver count as well
};

// A rule that is written NAME=ARGUMENT.
struct FamilyEntry {
  TraceRule rule;
  Sentences (*check)(const Calls&, std::string_view argument);
  bool driver_too = false;
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
  const auto calls = [&](bool driver_too) {
    return driver_too ? all_calls(trace) : runtime_calls(trace);
  };
  if (const auto* family = find_family(rule)) {
    return family->check(calls(family->driver_too), rule.substr(rule.find('=') + 1));
  }
  if (const auto* entry = find_entry(rule)) {
    return entry->check(calls(entry->driver_too), facts);
  }
  return {fmt::format("there is no rule \"{}\" for traces", rule)};
}

std::string negotiated_version(const std::vector<recorder::PluginCall>& trace) {
  const auto calls = runtime_calls(trace);
  const auto* add = first_add(calls);
  return add == nullptr ? "" : version_or_none(*add);
}

}  // namespace cni_matrix::trace
