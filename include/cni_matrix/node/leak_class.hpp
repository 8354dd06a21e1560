#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace cni_matrix::node {

// One class of things that a pod sandbox can leave behind.
//
// Cgroups are no class: a node has a read-only cgroup mount and a wrapper that takes them out of
// what runc is told, so none are made.
enum class LeakClass {
  netns,
  veth,
  lease,
  cached_result,
  nat_rule,
  pod_record,
  process,
  link,
  route,
  filter_rule,
  nft_table,
  conntrack,
  state_file,
  mount,
  sysctl,
  snapshot,
  watched
};

struct LeakTraits {
  LeakClass leak;
  std::string_view name;  // in files: known behaviours, runs, matrix/leak-class.schema.json
  // Known behaviours and observed outcomes are stated in the primary classes. The others are
  // secondary: where a known behaviour leaves a primary one, they may be left with it.
  bool primary;
  bool on_disk;  // a reboot does not take it away
};

// In the order of LeakClass. A further class is a row here and in matrix/leak-class.schema.json,
// what finds it on a node (take_inventory), and what a person is told of it (verdict/leaks.cpp).
inline constexpr std::array k_leak_class_table = {
    LeakTraits{LeakClass::netns, "netns", true, false},
    LeakTraits{LeakClass::veth, "veth", true, false},
    LeakTraits{LeakClass::lease, "lease", true, true},
    LeakTraits{LeakClass::cached_result, "cached-result", true, true},
    LeakTraits{LeakClass::nat_rule, "nat-rule", true, false},
    LeakTraits{LeakClass::pod_record, "pod-record", true, true},
    LeakTraits{LeakClass::process, "process", true, false},
    LeakTraits{LeakClass::link, "link", false, false},
    LeakTraits{LeakClass::route, "route", false, false},
    LeakTraits{LeakClass::filter_rule, "filter-rule", false, false},
    LeakTraits{LeakClass::nft_table, "nft-table", false, false},
    LeakTraits{LeakClass::conntrack, "conntrack", false, false},
    LeakTraits{LeakClass::state_file, "state-file", false, false},
    LeakTraits{LeakClass::mount, "mount", false, false},
    LeakTraits{LeakClass::sysctl, "sysctl", false, false},
    LeakTraits{LeakClass::snapshot, "snapshot", false, true},
    LeakTraits{LeakClass::watched, "watched", false, true},
};
inline constexpr std::size_t k_leak_class_count = k_leak_class_table.size();

// All of them, in the order of LeakClass.
inline constexpr auto k_leak_classes = [] {
  std::array<LeakClass, k_leak_class_count> classes{};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    classes[i] = k_leak_class_table[i].leak;
  }
  return classes;
}();

constexpr std::size_t index_of(LeakClass leak) {
  return static_cast<std::size_t>(leak);
}
static_assert([] {
  for (std::size_t i = 0; i < k_leak_class_count; ++i) {
    if (index_of(k_leak_classes[i]) != i) {
      return false;
    }
  }
  return true;
}());

constexpr const LeakTraits& traits_of(LeakClass leak) {
  return k_leak_class_table[index_of(leak)];
}
constexpr std::string_view name_of(LeakClass leak) {
  return traits_of(leak).name;
}
constexpr bool is_primary(LeakClass leak) {
  return traits_of(leak).primary;
}
// Nothing when there is no class of that name.
constexpr std::optional<LeakClass> parse_leak_class(std::string_view name) {
  for (const auto& row : k_leak_class_table) {
    if (row.name == name) {
      return row.leak;
    }
  }
  return std::nullopt;
}

}  // namespace cni_matrix::node
