// A scenario that leaves its pod running shows every class that such a pod has.

#include "base/file.hpp"
#include "node/node.hpp"
#include "verdict/leaks.hpp"
#include "verdict/residue.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/run/runner.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::run {
namespace {

using node::LeakClass;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class Leftover : public testing::TestWithParam<matrix::RuntimeChoice> {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }

  // One cell with only a pod's start; its result.
  static CellResult run_only(matrix::RuntimeChoice runtime) {
    const auto directory = value_or_throw(TemporaryDirectory::create());
    const auto scenario = directory.path() / "run-only.json";
    value_or_throw(write_file(
        scenario, R"({"id": "run-only", "title": "Leave a pod", "steps": [{"step": "run"}]})"));
    matrix::Cell cell;
    cell.containerd = "debian:bookworm";
    cell.plugins = "debian:bookworm";
    cell.conflist = value_or_throw(matrix::find_conflist("bridge-portmap", {}));
    cell.scenario = scenario.string();
    cell.runtime = runtime;
    RunOptions options;
    options.cache = cache_directory();
    artifacts::FetchOptions fetch;
    fetch.sandbox = node_sandbox();
    auto provisioner = value_or_throw(artifacts::Provisioner::open(options.cache, fetch));
    struct : Listener {
      void cell_finished(const CellResult& result) override { seen = result; }
      CellResult seen;
    } listener;
    value_or_throw(run_cells({cell}, options, provisioner, {}, listener));
    return listener.seen;
  }
};

TEST_P(Leftover, OfAPodThatRunsIsAllOfIt) {
  const auto result = run_only(GetParam());
  if (result.verdict == Verdict::skip) {
    GTEST_SKIP() << result.reason;
  }
  ASSERT_THAT(result.steps, SizeIs(1)) << result.reason;
  ASSERT_TRUE(result.steps[0].ok) << result.steps[0].error;
  const auto leaked = verdict::split_residue(result.leftover).leaked;
  EXPECT_THAT(leaked.of(LeakClass::pod_record), ElementsAre(StartsWith("READY ")));
  auto expected = std::set{LeakClass::netns,         LeakClass::veth,     LeakClass::lease,
                           LeakClass::cached_result, LeakClass::nat_rule, LeakClass::pod_record};
  if (GetParam() == matrix::RuntimeChoice::daemon) {
    expected.insert({LeakClass::process, LeakClass::mount, LeakClass::snapshot});
  }
  EXPECT_THAT(node::classes_of(leaked), testing::ContainerEq(expected));
  // What the bridge keeps is told apart.
  EXPECT_THAT(verdict::split_residue(result.leftover).residue.of(LeakClass::link),
              ElementsAre("cni0 (bridge)"));
  // A lease says whose it is, though its name does not.
  const auto pod = leaked.of(LeakClass::pod_record).at(0).substr(std::string("READY ").size());
  for (const auto& leak : verdict::describe(leaked)) {
    if (leak.leak == LeakClass::lease || leak.leak == LeakClass::pod_record) {
      EXPECT_THAT(leak.owner, HasSubstr("pod " + pod.substr(0, 12)));
    }
    EXPECT_NE(leak.clean_up, "") << leak.entry;
  }
}

INSTANTIATE_TEST_SUITE_P(Runtimes, Leftover,
                         testing::Values(matrix::RuntimeChoice::embedded,
                                         matrix::RuntimeChoice::daemon),
                         [](const auto& parameter) {
                           return parameter.param == matrix::RuntimeChoice::daemon ? "Daemon"
                                                                                   : "Embedded";
                         });

}  // namespace
}  // namespace cni_matrix::run
