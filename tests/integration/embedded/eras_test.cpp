// What the eras of containerd differ in and no observed row covers, as its sources say.
#include "driver.hpp"
#include "test_plugins.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace cni_matrix::test {
namespace {

struct Case {
  const char* containerd;
  const char* conflist;
  const char* scenario;
  const char* to_containerd;
  const char* steps;  // R run, S stop, D remove; a small letter: it failed
  int leases;         // left at the end
  int nat_rules;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.containerd << " " << value.conflist << " " << value.scenario << " "
       << value.to_containerd;
}

std::string steps_of(const Json& outcome) {
  std::string text;
  for (const Json& step : outcome.at("steps")) {
    const std::string name = step.at("step");
    const char letter = name == "RunPodSandbox"      ? 'R'
                        : name == "StopPodSandbox"   ? 'S'
                        : name == "RemovePodSandbox" ? 'D'
                                                     : '\0';
    if (letter != '\0') {
      text += step.at("ok").get<bool>() ? letter : static_cast<char>(std::tolower(letter));
    }
  }
  return text;
}

class Eras : public testing::TestWithParam<Case> {};

TEST_P(Eras, DoWhatTheirSourcesSay) {
  const TestPlugins plugins = find_test_plugins();
  if (!plugins.obstacle.empty()) {
    GTEST_SKIP() << plugins.obstacle;
  }
  const Json row = {{"containerd", GetParam().containerd},
                    {"to_containerd", GetParam().to_containerd},
                    {"plugins", "1.1.1"},
                    {"conflist", GetParam().conflist},
                    {"form", "conflist"},
                    {"scenario", GetParam().scenario}};
  std::string text;
  run_in_nodes({{[&] { return play(row).dump(); }, [&](const std::string& out) { text = out; }}},
               plugins.folders, 1);
  const Json outcome = Json::parse(text, nullptr, false);
  ASSERT_FALSE(outcome.is_discarded()) << "the node died";
  EXPECT_EQ(steps_of(outcome), GetParam().steps) << outcome.dump(1);
  EXPECT_EQ(outcome.at("leftover").at("ipam_leases"), GetParam().leases) << outcome.dump(1);
  EXPECT_EQ(outcome.at("leftover").at("nat_rules"), GetParam().nat_rules) << outcome.dump(1);
}

constexpr const char* k_no_portmap = "plugin-missing-before-run";

INSTANTIATE_TEST_SUITE_P(
    AddAndDelFail, Eras,
    testing::Values(Case{"1.3.0", "bridge-portmap@0.4.0", k_no_portmap, "", "r", 2, 6},
                    Case{"1.5.14", "bridge-portmap@0.4.0", k_no_portmap, "", "r", 2, 6},    // A
                    Case{"1.5.15", "bridge-portmap@0.4.0", k_no_portmap, "", "rsd", 2, 6},  // B
                    Case{"1.6.8", "bridge-portmap@1.0.0", k_no_portmap, "", "r", 2, 6},     // A
                    Case{"1.6.9", "bridge-portmap@1.0.0", k_no_portmap, "", "rsd", 2, 6},   // B
                    Case{"1.6.38", "bridge-portmap@1.0.0", k_no_portmap, "", "r", 2, 6},    // C
                    Case{"1.7.22", "bridge-portmap@1.0.0", k_no_portmap, "", "rsd", 2, 6},  // B
                    Case{"1.7.23", "bridge-portmap@1.0.0", k_no_portmap, "", "rSD", 2, 6},  // B'
                    Case{"1.7.31", "bridge-portmap@1.0.0", k_no_portmap, "", "rSD", 2, 6},  // D'
                    Case{"2.0.0", "bridge-portmap@1.0.0", k_no_portmap, "", "r", 2, 6},     // C
                    Case{"2.3.0", "bridge-portmap@1.0.0", k_no_portmap, "", "r", 2, 6}));   // D

// containerd 1.3 sends no DEL after a failed ADD; 1.4 does.
INSTANTIATE_TEST_SUITE_P(
    AddFails, Eras,
    testing::Values(Case{"1.3.10", "bridge-portmap@1.0.0", "lifecycle", "", "r", 2, 6},
                    Case{"1.4.0", "bridge-portmap@1.0.0", "lifecycle", "", "r", 0, 0}));

// Pods whose CNI result was not stored (containerd#7843), stopped by a version that needs it.
INSTANTIATE_TEST_SUITE_P(
    Upgrade, Eras,
    testing::Values(
        Case{"1.6.12", "bridge-portmap@1.0.0", "runtime-upgrade", "1.7.28", "RSD", 2, 6},
        Case{"1.6.12", "bridge-portmap@1.0.0", "runtime-upgrade", "1.7.31", "RSD", 0, 0},
        Case{"1.6.12", "bridge-portmap@1.0.0", "runtime-upgrade", "1.6.12", "RSD", 0, 0},
        Case{"1.6.15", "bridge-portmap@1.0.0", "runtime-upgrade", "1.7.28", "RSD", 0, 0}));

}  // namespace
}  // namespace cni_matrix::test
