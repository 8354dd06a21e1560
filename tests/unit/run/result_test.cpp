#include "sample.hpp"

#include <gtest/gtest.h>

// run/result.hpp: what goes through JSON comes back, and what a run's exit status is.
namespace cni_matrix::report::testing {
namespace {

using run::Verdict;

run::CellResult full_result() {
  auto result = passed("debian:bookworm", "1.6.20", "dir:/opt/cni/bin@1.1.1", "1.1.1", "none");
  result.cell.parameters = {{"to", "1.0.0"}};
  result.cell.host_port = 18080;
  result.cell.mark_chain = true;
  result.cell.runtime = matrix::RuntimeChoice::embedded;
  result.cell.conflist.form = "conf";
  artifacts::Artifact artifact;
  artifact.component = artifacts::Component::plugins;
  artifact.token = "dir:/opt/cni/bin@1.1.1";
  artifact.provider = "directory";
  artifact.version = *Version::parse("1.1.1-rc.1");
  artifact.package_version = "1.1.1+ds1-3";
  artifact.source = "plugins.tgz";
  artifact.sha256 = std::string(64, 'a');
  artifact.directory = "/opt/cni/bin";
  artifact.binaries = {{"bridge", std::string(64, 'b')}};
  result.plugins = artifact;
  artifact.component = artifacts::Component::containerd;
  result.containerd = artifact;
  result.verdict = Verdict::known;
  result.reason = "because";
  result.known = {"F02", "F03"};
  result.remedy = "do so";
  result.steps[1] = {"StopPodSandbox", "to 1.0.0", false, "Unknown", "a \"b\"\nc", 7};
  result.after_run = node::Inventory();
  result.after_run->of(node::LeakClass::veth) = {"veth1"};
  result.leftover.of(node::LeakClass::pod_record) = {"NOTREADY x"};
  result.network = NetworkStatus();
  result.network->reason = "NetworkPluginNotReady";
  result.network->message = "cni config uninitialized";
  result.network->load_status = {{"lastCNILoadStatus", "OK"}};
  result.network->configuration = Json{{"Networks", Json::array()}};
  recorder::PluginCall call;
  call.plugin = "bridge";
  call.command = "ADD";
  call.environment = {{"CNI_COMMAND", "ADD"}};
  call.input = "{}";
  call.exit_code = 1;
  call.start_ns = 1;
  call.end_ns = 2;
  result.trace = {call};
  result.log = "log";
  return result;
}

TEST(Result, EverythingOfACellComesBackFromJson) {
  const auto json = run::to_json(full_result());
  const auto back = run::cell_result_from_json(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(run::to_json(*back), json);
  EXPECT_EQ(back->cell.name(), full_result().cell.name());
  EXPECT_EQ(back->plugins->binaries.at("bridge"), std::string(64, 'b'));
  EXPECT_EQ(back->plugins->version.str(), "1.1.1-rc.1");
  EXPECT_EQ(back->steps[1].error, "a \"b\"\nc");
  EXPECT_EQ(back->steps[1].detail, "to 1.0.0");
  EXPECT_EQ(back->network->load_status.at("lastCNILoadStatus"), "OK");
  EXPECT_EQ(back->after_run->of(node::LeakClass::veth).front(), "veth1");
  EXPECT_EQ(back->trace.front().exit_code, 1);
  EXPECT_EQ(back->cpu.harness_us, 30'000);
}

TEST(Result, AbsentPartsStayAbsent) {
  const auto back = run::cell_result_from_json(run::to_json(passed()));
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->plugins);
  EXPECT_FALSE(back->after_run);
  EXPECT_FALSE(back->network);
}

TEST(Result, WhatIsMissingIsNamed) {
  auto json = run::to_json(full_result());
  json.erase("cpu");
  const auto back = run::cell_result_from_json(json);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::input);
  EXPECT_NE(back.error().message.find("cpu"), std::string::npos) << back.error().message;
}

TEST(Result, ProvenanceAndSummaryComeBack) {
  const auto provenance = run::to_json(sample_provenance());
  EXPECT_EQ(run::to_json(*run::provenance_from_json(provenance)), provenance);
  const auto summary = run::to_json(summary_of(sample_results()));
  EXPECT_EQ(run::to_json(*run::summary_from_json(summary)), summary);
}

TEST(Result, VerdictNames) {
  for (const auto verdict : {Verdict::pass, Verdict::known, Verdict::fail, Verdict::leak,
                             Verdict::skip, Verdict::broken, Verdict::interrupted}) {
    const auto back = run::parse_verdict(run::name_of(verdict));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, verdict);
  }
  EXPECT_FALSE(run::parse_verdict("passed"));
}

int status(const std::map<Verdict, std::size_t>& verdicts, bool interrupted = false) {
  run::RunSummary summary;
  summary.verdicts = verdicts;
  summary.interrupted = interrupted;
  return summary.exit_status();
}

TEST(ExitStatus, PrecedenceIsInterruptedBrokenFailNothing) {
  EXPECT_EQ(status({{Verdict::pass, 1}, {Verdict::known, 1}, {Verdict::skip, 1}}), 0);
  EXPECT_EQ(status({{Verdict::known, 1}}), 0);
  EXPECT_EQ(status({{Verdict::pass, 1}, {Verdict::fail, 1}}), 1);
  EXPECT_EQ(status({{Verdict::pass, 1}, {Verdict::leak, 1}}), 1);
  EXPECT_EQ(status({{Verdict::fail, 1}, {Verdict::broken, 1}}), 3);
  EXPECT_EQ(status({{Verdict::broken, 1}}, true), 130);
  EXPECT_EQ(status({{Verdict::pass, 1}}, true), 130);
  EXPECT_EQ(status({}), 4);
  EXPECT_EQ(status({{Verdict::skip, 3}}), 4);
  EXPECT_EQ(status({{Verdict::skip, 3}, {Verdict::pass, 0}}), 4);
}

TEST(ExitStatus, CellsCutShortByFailFastDoNotHideTheFailure) {
  EXPECT_EQ(status({{Verdict::fail, 1}, {Verdict::interrupted, 2}}), 1);
  EXPECT_EQ(status({{Verdict::pass, 1}, {Verdict::interrupted, 2}}), 130);
}

TEST(FailOn, NamesWhatItFoundAndIsKeptInTheRun) {
  auto skipped = passed("1.9.9", "", "1.1.1", "", "1.0.0");
  skipped.verdict = Verdict::skip;
  skipped.runtime.clear();
  auto summary = summary_of({skipped, modelled("1.6.2"), modelled("1.6.3"), passed()});
  EXPECT_EQ(summary.exit_status(), 0);
  summary.fail_on = {"skip"};
  EXPECT_EQ(summary.ending().text(), "exit 1: --fail-on skip: 1 cell skipped");
  summary.fail_on = {"skip", "modelled"};
  EXPECT_EQ(summary.ending().text(),
            "exit 1: --fail-on skip: 1 cell skipped; --fail-on modelled: 2 cells modelled");
  const auto back = run::summary_from_json(run::to_json(summary));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->exit_status(), 1);
  // All was skipped: bad news goes before no answer.
  auto nothing = summary_of({skipped});
  EXPECT_EQ(nothing.exit_status(), 4);
  nothing.fail_on = {"skip"};
  EXPECT_EQ(nothing.exit_status(), 1);
  nothing.fail_on = {"modelled"};
  EXPECT_EQ(nothing.exit_status(), 4);
}

TEST(Ending, WhatStoppedARunIsTold) {
  const auto status = [](run::Stop stop, const std::vector<run::CellResult>& results) {
    auto summary = summary_of(results);
    summary.interrupted = true;
    summary.stopped_by = stop;
    const auto back = run::summary_from_json(run::to_json(summary));
    EXPECT_TRUE(back);
    EXPECT_EQ(back->ending().text(), summary.ending().text());
    return summary.exit_status();
  };
  auto failed = passed();
  failed.verdict = Verdict::fail;
  for (const auto& results : {std::vector{passed()}, std::vector{failed}}) {
    EXPECT_EQ(status(run::Stop::sigint, results), 130);
    EXPECT_EQ(status(run::Stop::sigterm, results), 143);
    EXPECT_EQ(status(run::Stop::timeout, results), 124);
    EXPECT_EQ(status(run::Stop::trouble, results), 3);
  }
  EXPECT_EQ(status(run::Stop::killed, {passed()}), 5);
  EXPECT_EQ(status(run::Stop::killed, {failed}), 1);
}

}  // namespace
}  // namespace cni_matrix::report::testing
