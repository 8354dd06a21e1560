#include "arguments.hpp"

#include <fmt/ranges.h>

#include <set>

namespace cni_matrix::trace {

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

Sentences pod_arguments(const Calls& calls, const TraceFacts& facts) {
  std::vector<std::string> wanted = {"K8S_POD_NAMESPACE", "K8S_POD_NAME",
                                     "K8S_POD_INFRA_CONTAINER_ID"};
  if (facts.pod_uid) {
    wanted.emplace_back("K8S_POD_UID");
  }
  Sentences found;
  for (const auto& call : calls) {
    if (!call.is_attachment_call()) {
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

}  // namespace cni_matrix::trace
