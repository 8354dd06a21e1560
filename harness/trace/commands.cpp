#include "commands.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

namespace cni_matrix::trace {

namespace {

constexpr std::array k_attachment_keys = {"cni.dev/valid-attachments", "cni.dev/attachments"};

bool is_called(const Calls& calls, std::string_view command) {
  return std::any_of(calls.begin(), calls.end(),
                     [&](const RuntimeCall& call) { return call.is(command); });
}

}  // namespace

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
    if (call.is_attachment_call()) {
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
      if (gc.is("GC") && other.is_attachment_call() && gc.raw->finished && other.raw->finished &&
          other.network() == gc.network() && gc.raw->start_ns < other.raw->end_ns &&
          other.raw->start_ns < gc.raw->end_ns) {
        found.push_back(fmt::format("{} ran during {} GC of network \"{}\"", other.title(),
                                    gc.plugin(), gc.network()));
      }
    }
  }
  return found;
}

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

}  // namespace cni_matrix::trace
