// What releases of containerd differ in and no observed row covers, as their sources say: their
// models against real plugins.
#include "node/node.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/run/runner.hpp>

#include <gtest/gtest.h>

#include <cctype>
#include <ostream>

namespace cni_matrix::run {
namespace {

struct Case {
  const char* containerd;
  const char* cni_version;
  const char* scenario;
  const char* to_containerd;  // or nullptr
  const char* steps;          // R run, S stop, D remove; a small letter: it failed
  std::size_t leases;         // left at the end
  std::size_t nat_rules;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.containerd << " " << value.cni_version << " " << value.scenario << " "
       << (value.to_containerd == nullptr ? "" : value.to_containerd);
}

struct OneResult : Listener {
  void cell_finished(const CellResult& result) override { seen = result; }
  CellResult seen;
};

std::string steps_of(const CellResult& result) {
  std::string text;
  for (const auto& step : result.steps) {
    const char letter = step.step == "RunPodSandbox"      ? 'R'
                        : step.step == "StopPodSandbox"   ? 'S'
                        : step.step == "RemovePodSandbox" ? 'D'
                                                          : '\0';
    if (letter != '\0') {
      text += step.ok ? letter : static_cast<char>(std::tolower(letter));
    }
  }
  return text;
}

class Releases : public testing::TestWithParam<Case> {};

TEST_P(Releases, DoWhatTheirSourcesSay) {
  const auto& wanted = GetParam();
  if (const auto privileges = node::check_privileges(); !privileges) {
    GTEST_SKIP() << privileges.error().message;
  }
  matrix::Cell cell;
  cell.containerd = wanted.containerd;
  cell.plugins = "debian:bookworm";
  cell.conflist = value_or_throw(matrix::find_conflist("bridge-portmap", {}));
  cell.conflist.cni_version = wanted.cni_version;
  cell.scenario = wanted.scenario;
  cell.runtime = matrix::RuntimeChoice::embedded;
  if (wanted.to_containerd != nullptr) {
    cell.parameters["to_containerd"] = wanted.to_containerd;
  }
  RunOptions options;
  options.cache = cache_directory();
  artifacts::FetchOptions fetch;
  fetch.sandbox = node_sandbox();
  auto provisioner = value_or_throw(artifacts::Provisioner::open(options.cache, fetch));
  OneResult listener;
  const auto summary = run_cells({cell}, options, provisioner, {}, listener);
  ASSERT_TRUE(summary) << summary.error().message;
  const auto& result = listener.seen;
  if (result.verdict == Verdict::skip) {
    GTEST_SKIP() << result.reason;
  }
  EXPECT_EQ(steps_of(result), wanted.steps) << result.reason;
  EXPECT_EQ(result.leftover.of(node::LeakClass::lease).size(), wanted.leases);
  EXPECT_EQ(result.leftover.of(node::LeakClass::nat_rule).size(), wanted.nat_rules);
}

constexpr const char* k_no_portmap = "plugin-gone-before-run";

INSTANTIATE_TEST_SUITE_P(
    AddAndDelFail, Releases,
    testing::Values(Case{"1.3.0", "0.4.0", k_no_portmap, nullptr, "r", 2, 6},
                    Case{"1.5.14", "0.4.0", k_no_portmap, nullptr, "r", 2, 6},
                    Case{"1.5.15", "0.4.0", k_no_portmap, nullptr, "rsd", 2, 6},
                    Case{"1.6.8", "1.0.0", k_no_portmap, nullptr, "r", 2, 6},
                    Case{"1.6.9", "1.0.0", k_no_portmap, nullptr, "rsd", 2, 6},
                    Case{"1.6.38", "1.0.0", k_no_portmap, nullptr, "r", 2, 6},
                    Case{"1.7.22", "1.0.0", k_no_portmap, nullptr, "rsd", 2, 6},
                    Case{"1.7.23", "1.0.0", k_no_portmap, nullptr, "rSD", 2, 6},
                    Case{"1.7.31", "1.0.0", k_no_portmap, nullptr, "rSD", 2, 6},
                    Case{"2.0.0", "1.0.0", k_no_portmap, nullptr, "r", 2, 6},
                    Case{"2.3.0", "1.0.0", k_no_portmap, nullptr, "r", 2, 6}));

// containerd 1.3 sends no DEL after a failed ADD; 1.4 does.
INSTANTIATE_TEST_SUITE_P(AddFails, Releases,
                         testing::Values(Case{"1.3.10", "1.0.0", "lifecycle", nullptr, "r", 2, 6},
                                         Case{"1.4.0", "1.0.0", "lifecycle", nullptr, "r", 0, 0}));

// Pods whose CNI result was not stored (containerd#7843), stopped by a version that needs it.
INSTANTIATE_TEST_SUITE_P(
    Upgrade, Releases,
    testing::Values(Case{"1.6.12", "1.0.0", "replace-runtime", "1.7.28", "RSD", 2, 6},
                    Case{"1.6.12", "1.0.0", "replace-runtime", "1.7.31", "RSD", 0, 0},
                    Case{"1.6.12", "1.0.0", "replace-runtime", "1.6.12", "RSD", 0, 0},
                    Case{"1.6.15", "1.0.0", "replace-runtime", "1.7.28", "RSD", 0, 0}));

}  // namespace
}  // namespace cni_matrix::run
