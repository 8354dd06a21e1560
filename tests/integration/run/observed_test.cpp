// Every row that was observed with the real binaries comes out of a run as it was observed: the
// versions that Debian has with their real daemon, all of them with the embedded runtime.

#include "rows.hpp"

#include "base/text.hpp"
#include "node/node.hpp"
#include "verdict/normalise.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/run/runner.hpp>

#include <gtest/gtest.h>

#include <map>

#include <unistd.h>

namespace cni_matrix::run {
namespace {

// Where the binaries of the rows are: by version, the suite of Debian that has them.
const std::map<std::string, std::string> k_suites = {
    {"1.4.13", "debian:bullseye"}, {"1.6.20", "debian:bookworm"}, {"1.7.24", "debian:trixie"},
    {"2.1.9", "debian:forky"},     {"0.9.0", "debian:bullseye"},  {"1.1.1", "debian:bookworm"},
    {"1.9.1", "debian:forky"}};

std::string suite(const std::string& version) {
  const auto found = k_suites.find(version);
  return found == k_suites.end() ? version : found->second;
}

matrix::Cell cell_of(const Json& row, matrix::RuntimeChoice runtime) {
  const bool daemon = runtime == matrix::RuntimeChoice::daemon;
  const auto containerd = [&](const char* key) {
    const auto version = row.at(key).get<std::string>();
    return daemon ? suite(version) : version;
  };
  const auto label = split(row.at("conflist").get<std::string>(), '@');
  matrix::Cell cell;
  cell.containerd = containerd("containerd");
  cell.plugins = suite(row.at("plugins"));
  cell.conflist = value_or_throw(matrix::find_conflist(label.at(0), {}));
  cell.conflist.cni_version = label.at(1);
  cell.conflist.form = row.at("form");
  cell.runtime = runtime;
  cell.scenario = testing::scenario_of(row);
  if (row.contains("to")) {
    cell.parameters["to"] = row.at("to");
  } else if (cell.scenario == "repair") {
    // Rows without the field name the version in the step, where there was such a step.
    cell.parameters["to"] = "0.4.0";
    for (const auto& step : row.at("steps")) {
      if (step.at("step") == "edit-conflist") {
        cell.parameters["to"] = step.at("to");
      }
    }
  }
  if (row.contains("to_containerd")) {
    cell.parameters["to_containerd"] = containerd("to_containerd");
  }
  if (row.contains("to_plugins")) {
    cell.parameters["to_plugins"] = suite(row.at("to_plugins"));
  }
  if (row.contains("hostport")) {
    cell.host_port = row.at("hostport").get<int>();
  }
  cell.mark_chain = row.contains("markchain");
  return cell;
}

// The calls of the runtime in a row; what is done to the node between them is no outcome.
std::vector<std::string> calls_of_row(const Json& row) {
  std::vector<std::string> lines;
  for (const auto& step : row.at("steps")) {
    const auto name = step.at("step").get<std::string>();
    if (name.ends_with("PodSandbox")) {
      lines.push_back(name + ": " +
                      (step.at("ok").get<bool>()
                           ? "ok"
                           : verdict::normalise_error(step.at("error").get<std::string>())));
    }
  }
  return lines;
}

std::vector<std::string> calls_of(const CellResult& result) {
  std::vector<std::string> lines;
  for (const auto& step : result.steps) {
    if (step.step.ends_with("PodSandbox")) {
      lines.push_back(step.step + ": " + (step.ok ? "ok" : verdict::normalise_error(step.error)));
    }
  }
  return lines;
}

Json counts(const node::Inventory& inventory) {
  std::vector<std::string> pods;
  for (const auto& pod : inventory.of(node::LeakClass::pod_record)) {
    pods.push_back(pod.substr(0, pod.find(' ')));
  }
  return {{"netns", inventory.of(node::LeakClass::netns).size()},
          {"host_veths", inventory.of(node::LeakClass::veth).size()},
          {"ipam_leases", inventory.of(node::LeakClass::lease).size()},
          {"results_cache", inventory.of(node::LeakClass::cached_result).size()},
          {"nat_rules", inventory.of(node::LeakClass::nat_rule).size()},
          {"pods", pods}};
}

std::string differences(const Json& row, const CellResult& result) {
  std::string text;
  const auto expected = calls_of_row(row);
  const auto seen = calls_of(result);
  if (expected != seen) {
    text += fmt::format("  calls\n    observed: {}\n    now:      {}\n", fmt::join(expected, " | "),
                        fmt::join(seen, " | "));
  }
  if (const auto left = counts(result.leftover); left != row.at("leftover")) {
    text += fmt::format("  leftover\n    observed: {}\n    now:      {}\n",
                        row.at("leftover").dump(), left.dump());
  }
  if (row.contains("leftover_after_run") && result.after_run &&
      counts(*result.after_run) != row.at("leftover_after_run")) {
    text += fmt::format("  after run\n    observed: {}\n    now:      {}\n",
                        row.at("leftover_after_run").dump(), counts(*result.after_run).dump());
  }
  return text;
}

std::vector<Json> rows_of(const std::function<bool(const Json&)>& wanted) {
  auto rows = testing::rows_of_outcomes();
  std::erase_if(rows, [&wanted](const Json& row) { return !wanted(row); });
  return rows;
}

using RowsByName = std::map<std::string, std::vector<const Json*>>;

// Holds what each cell did against what was observed of it.
struct Comparison : Listener {
  explicit Comparison(const RowsByName& rows) : m_rows(rows) {}

  void cell_finished(const CellResult& result) override {
    if (result.verdict == Verdict::skip) {
      skipped = result.reason;
      return;
    }
    for (const auto* row : m_rows.at(result.cell.name())) {
      ++compared;
      const auto text = result.steps.empty() ? "  " + result.reason : differences(*row, result);
      EXPECT_EQ(text, "") << result.cell.name();
    }
  }

  std::size_t compared = 0;
  std::string skipped;

 private:
  const RowsByName& m_rows;
};

void compare(const std::vector<Json>& rows, matrix::RuntimeChoice runtime,
             bool privileged = false) {
  if (const auto privileges = node::check_privileges(); !privileges) {
    GTEST_SKIP() << privileges.error().message;
  }
  RowsByName by_name;
  std::vector<matrix::Cell> cells;
  for (const auto& row : rows) {
    auto cell = cell_of(row, runtime);
    auto& same = by_name[cell.name()];
    if (same.empty()) {
      cells.push_back(std::move(cell));
    }
    same.push_back(&row);
  }
  ASSERT_FALSE(cells.empty());
  RunOptions options;
  options.cache = cache_directory();
  options.privileged = privileged;
  artifacts::FetchOptions fetch;
  fetch.sandbox = node_sandbox();
  auto provisioner = value_or_throw(artifacts::Provisioner::open(options.cache, fetch));
  Comparison listener(by_name);
  const auto summary = run_cells(cells, options, provisioner, {}, listener);
  ASSERT_TRUE(summary) << summary.error().message;
  if (listener.compared == 0) {
    GTEST_SKIP() << listener.skipped;
  }
  EXPECT_EQ(listener.skipped, "");
  EXPECT_EQ(listener.compared, rows.size());
}

TEST(Observed, EmbeddedAgreesWithEveryRow) {
  compare(rows_of([](const Json&) { return true; }), matrix::RuntimeChoice::embedded);
}

// Rows whose every containerd is one that Debian has.
void compare_daemon(const std::string& version, bool privileged = false) {
  compare(rows_of([&](const Json& row) {
            return row.at("containerd") == version &&
                   (!row.contains("to_containerd") ||
                    k_suites.contains(row.at("to_containerd").get<std::string>()));
          }),
          matrix::RuntimeChoice::daemon, privileged);
}

TEST(Observed, Containerd1_4_13AgreesWithItsRows) {
  compare_daemon("1.4.13");
}
TEST(Observed, Containerd1_6_20AgreesWithItsRows) {
  compare_daemon("1.6.20");
}
TEST(Observed, Containerd1_7_24AgreesWithItsRows) {
  compare_daemon("1.7.24");
}
TEST(Observed, Containerd2_1_9AgreesWithItsRows) {
  compare_daemon("2.1.9");
}

// The same without walls, which only root's nodes can be.
TEST(LibraryPrivileged, EveryObservedRowAgrees) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "an ordinary user's nodes always have walls";
  }
  compare(rows_of([](const Json&) { return true; }), matrix::RuntimeChoice::embedded, true);
  for (const auto* version : {"1.4.13", "1.6.20", "1.7.24", "2.1.9"}) {
    compare_daemon(version, true);
  }
}

}  // namespace
}  // namespace cni_matrix::run
