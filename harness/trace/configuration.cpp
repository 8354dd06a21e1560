#include "configuration.hpp"

#include "conflists.hpp"

#include "base/json_fields.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

namespace cni_matrix::trace {

namespace {

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

const RuntimeCall* first_add(const Calls& calls) {
  const auto found = std::find_if(calls.begin(), calls.end(), [](const RuntimeCall& call) {
    return call.is("ADD") && call.plugin() != "loopback";
  });
  return found == calls.end() ? nullptr : &*found;
}

std::string version_or_none(const RuntimeCall& call) {
  return call.version().empty() ? "none" : call.version();
}

}  // namespace

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
    if (!call.is_attachment_call()) {
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
    if (call.is_attachment_call() && call.has("capabilities")) {
      found.push_back(fmt::format("{} got the key capabilities: {}", call.title(),
                                  call.input.at("capabilities").dump()));
    }
  }
  return found;
}

Sentences runtime_config_as_declared(const Calls& calls, const TraceFacts& facts) {
  Sentences found;
  for (const auto& call : calls) {
    const auto known = conflists_named(facts, call.network());
    if (!call.is_attachment_call() || known.empty()) {
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

Sentences keys_kept(const Calls& calls, const TraceFacts& facts) {
  Sentences found;
  for (const auto& call : calls) {
    if (!call.is_attachment_call()) {
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

Sentences negotiated(const Calls& calls, std::string_view wanted) {
  const auto* add = first_add(calls);
  if (add == nullptr || version_or_none(*add) == wanted) {
    return {};
  }
  return {
      fmt::format("{} got the cniVersion {}, not {}", add->title(), version_or_none(*add), wanted)};
}

}  // namespace cni_matrix::trace
