#pragma once

#include "observed_steps.hpp"
#include "rows.hpp"

#include "base/text.hpp"
#include "verdict/judge.hpp"
#include <cni_matrix/base/json.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// The rows of tests/data/observed-outcomes.jsonl as observations.
namespace cni_matrix::verdict::testing {

using testing_support::step_of;

inline Observation observation_of_row(const Json& row) {
  using node::LeakClass;
  static const std::map<std::string, std::string> k_steps = {
      {"swap-plugins", "replace-plugins"},     {"netns-delete", "delete-netns"},
      {"conflist-removed", "remove-conflist"}, {"conflist-restored", "restore-conflist"},
      {"portmap-removed", "remove-plugin"},    {"portmap-restored", "restore-plugin"}};
  Observation result;
  result.containerd = *Version::parse(row.at("containerd").get<std::string>());
  result.plugins = *Version::parse(row.at("plugins").get<std::string>());
  const auto conflist = split(row.at("conflist").get<std::string>(), '@');
  result.conflist = conflist.at(0);
  result.cni_version = conflist.at(1);
  result.traits = {"bridge", "host-local", "ipMasq"};
  if (result.conflist == "bridge-portmap") {
    result.traits.insert(result.traits.end(), {"portmap", "externalSetMarkChain"});
  }
  const auto scenario = row.at("scenario").get<std::string>();
  result.scenario = cni_matrix::testing::scenario_of(row);
  result.host_port = row.contains("hostport");
  result.mark_chain = row.contains("markchain");
  result.name = row.at("containerd").get<std::string>() + "/" +
                row.at("plugins").get<std::string>() + "/" + row.at("conflist").get<std::string>() +
                "/" + result.scenario;
  if (scenario == "plugin-missing-before-run") {
    result.steps.push_back(step_of({"remove-plugin", "portmap", true, ""}));
  }
  bool mark_chain_missing = false;
  for (const auto& step : row.at("steps")) {
    auto name = step.at("step").get<std::string>();
    if (name == "containerd-SIGTERM") {
      continue;
    }
    testing_support::Told one;
    one.ok = step.at("ok").get<bool>();
    one.error = step.value("error", "");
    one.about = step.value("to", "");
    if (name == "containerd-start") {
      name = row.contains("to_containerd") ? "replace-runtime" : "restart-runtime";
      one.about = row.value("to_containerd", "");
    } else if (const auto known = k_steps.find(name); known != k_steps.end()) {
      one.about = name.starts_with("portmap") ? "portmap" : one.about;
      name = known->second;
    }
    one.step = name;
    if (name == "restore-conflist") {
      one.about = result.cni_version;
    }
    mark_chain_missing =
        mark_chain_missing || one.error.find("KUBE-MARK-MASQ") != std::string::npos;
    result.steps.push_back(step_of(one));
  }
  // The rows count portmap's jumps to its top-level chain too: two a family, IPv6 after IPv4.
  const int residue = mark_chain_missing ? 2 : result.host_port ? 4 : 0;
  const auto classes = [](const Json& counts, int shared) {
    std::set<LeakClass> leaks;
    const auto add = [&](LeakClass leak, bool there) {
      if (there) {
        leaks.insert(leak);
      }
    };
    add(LeakClass::netns, counts.at("netns").get<int>() > 0);
    add(LeakClass::veth, counts.at("host_veths").get<int>() > 0);
    add(LeakClass::lease, counts.at("ipam_leases").get<int>() > 0);
    add(LeakClass::cached_result, counts.at("results_cache").get<int>() > 0);
    add(LeakClass::nat_rule, counts.at("nat_rules").get<int>() > shared);
    add(LeakClass::pod_record, !counts.at("pods").empty());
    return leaks;
  };
  result.leftover = classes(row.at("leftover"), residue);
  if (row.contains("leftover_after_run")) {
    result.after_run = classes(row.at("leftover_after_run"), residue);
  }
  return result;
}

inline std::vector<Observation> observed_rows() {
  std::vector<Observation> rows;
  for (const auto& row : cni_matrix::testing::rows_of_outcomes()) {
    rows.push_back(observation_of_row(row));
  }
  return rows;
}

}  // namespace cni_matrix::verdict::testing
