#include "result.hpp"

#include "conflists.hpp"

#include "base/json_fields.hpp"
#include "cni/spec_version.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::trace {

namespace {

bool at_least(const std::string& version, const char* other) {
  return cni::at_least(version, other, cni::EmptyVersion::is_0_1_0).value_or(false);
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

}  // namespace

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

}  // namespace cni_matrix::trace
