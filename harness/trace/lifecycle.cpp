#include "lifecycle.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace cni_matrix::trace {

namespace {

// `plugins` without those that `others` lacks.
std::vector<std::string> only_in(std::vector<std::string> plugins,
                                 const std::vector<std::string>& others) {
  std::erase_if(plugins, [&](const std::string& plugin) {
    return std::find(others.begin(), others.end(), plugin) == others.end();
  });
  return plugins;
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

}  // namespace

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

}  // namespace cni_matrix::trace
