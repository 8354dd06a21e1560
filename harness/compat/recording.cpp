#include "recording.hpp"

#include "network_list.hpp"
#include "subject.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "go/build_info.hpp"
#include "report/saved_run.hpp"
#include "verdict/normalise.hpp"
#include "verdict/residue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace cni_matrix::compat {

namespace {

using run::CellResult;
using run::Verdict;

constexpr std::size_t k_longest_error = 300;  // bytes

bool is_wanted(const CellResult& result) {
  constexpr std::array k_executed = {Verdict::pass, Verdict::known, Verdict::fail, Verdict::leak};
  const auto& cell = result.cell;
  return cell.scenario == k_lifecycle && cell.parameters.empty() && !cell.host_port &&
         !cell.mark_chain && result.plugins &&
         std::find(k_executed.begin(), k_executed.end(), result.verdict) != k_executed.end();
}

// Of Go, as one of its binaries says that still is the one that was run.
std::string go_version_of(const artifacts::Artifact& artifact) {
  for (const auto& [name, digest] : artifact.binaries) {
    const auto file = artifact.directory / name;
    if (const auto now = sha256_file(file); !now || *now != digest) {
      continue;
    }
    if (const auto info = go::read_build_info(file); info && *info) {
      return (*info)->go_version;
    }
  }
  return {};
}

RecordedBuild build_of(const artifacts::Artifact& artifact) {
  return {artifact.component, artifact.version, artifact.token,
          // A directory is somebody's own place; its digests say what was in it.
          artifact.package_version, artifact.sha256.empty() ? "" : artifact.source, artifact.sha256,
          go_version_of(artifact), artifact.binaries};
}

RecordedOutcome outcome_of(const CellResult& result) {
  RecordedOutcome outcome;
  outcome.verdict = run::name_of(result.verdict);
  outcome.known = result.known;
  for (const auto& step : result.steps) {
    if (!step.ok) {
      outcome.failed.push_back(
          {step.step, excerpt(verdict::normalise_error(step.error), k_longest_error)});
    }
  }
  for (const auto leak : node::classes_of(verdict::split_residue(result.leftover).leaked)) {
    outcome.left.emplace_back(node::name_of(leak));
  }
  return outcome;
}

template <typename T>
std::size_t place_of(std::vector<T>& values, T value) {
  const auto found = std::find(values.begin(), values.end(), value);
  if (found != values.end()) {
    return static_cast<std::size_t>(found - values.begin());
  }
  values.push_back(std::move(value));
  return values.size() - 1;
}

class Recorder {
 public:
  void begin(const run::Provenance& provenance) {
    m_records.runs.push_back({provenance.started, provenance.program_version, provenance.kernel,
                              provenance.architecture, provenance.iptables, provenance.runc,
                              provenance.privileges});
  }

  Expected<void> take(const CellResult& result) {
    if (!is_wanted(result)) {
      return {};
    }
    TRY_ASSIGN(const auto containerd, Version::parse(result.containerd_version));
    TRY_ASSIGN(const auto list, list_of(result.cell.conflist));
    const auto cni_version = result.cell.conflist.cni_version.value_or(m_own_version.at(list));
    RecordedRow& row = row_of(result, containerd, list);
    row.outcomes[cni_version] = place_of(m_records.outcomes, outcome_of(result));
    return {};
  }

  Expected<Records> result() {
    if (m_records.rows.empty()) {
      return input_error(
          "there is no cell of the scenario {} that was executed without a host port; make some "
          "with cni-matrix run --scenario {} --json FILE",
          k_lifecycle, k_lifecycle);
    }
    for (auto& [key, row] : m_rows) {
      (void)key;
      m_sorted.push_back(std::move(m_records.rows[row]));
    }
    m_records.rows = std::move(m_sorted);
    return std::move(m_records);
  }

 private:
  // In this order they are written.
  using RowKey =
      std::tuple<std::size_t, std::size_t, bool, Version, Version, std::string, std::string>;

  Expected<std::size_t> list_of(const scenario::Conflist& conflist) {
    const auto known = m_lists.find(conflist.file);
    if (known != m_lists.end()) {
      return known->second;
    }
    auto own = conflist;
    own.cni_version.reset();
    TRY_ASSIGN(auto list, NetworkList::load(own));
    m_records.lists.push_back(
        {list.name, NetworkList::kinds_of(std::move(list.traits)), std::move(list.keys)});
    m_own_version.push_back(list.cni_version);
    return m_lists.emplace(conflist.file, m_records.lists.size() - 1).first->second;
  }

  std::size_t build(const artifacts::Artifact& artifact) {
    const auto key =
        std::tuple{artifact.component, artifact.version, artifact.token, artifact.binaries};
    const auto known = m_builds.find(key);
    if (known != m_builds.end()) {
      return known->second;
    }
    m_records.builds.push_back(build_of(artifact));
    return m_builds.emplace(key, m_records.builds.size() - 1).first->second;
  }

  RecordedRow& row_of(const CellResult& result, const Version& containerd, std::size_t list) {
    RecordedRow row;
    row.run = m_records.runs.size() - 1;
    row.list = list;
    row.plugins = build(*result.plugins);
    row.containerd_version = containerd;
    row.modelled = result.runtime == "embedded";
    if (result.containerd && !row.modelled) {
      row.containerd = build(*result.containerd);
    }
    const auto key = RowKey{row.run,
                            list,
                            row.modelled,
                            containerd,
                            m_records.builds[row.plugins].version,
                            result.cell.containerd,
                            result.cell.plugins};
    const auto known = m_rows.find(key);
    if (known != m_rows.end()) {
      return m_records.rows[known->second];
    }
    m_rows.emplace(key, m_records.rows.size());
    m_records.rows.push_back(std::move(row));
    return m_records.rows.back();
  }

  Records m_records;
  std::vector<RecordedRow> m_sorted;
  std::map<std::filesystem::path, std::size_t> m_lists;
  std::vector<std::string> m_own_version;  // of each list
  std::map<
      std::tuple<artifacts::Component, Version, std::string, std::map<std::string, std::string>>,
      std::size_t>
      m_builds;
  std::map<RowKey, std::size_t> m_rows;
};

}  // namespace

Expected<Records> record(const std::vector<std::filesystem::path>& saved_runs) {
  Recorder recorder;
  Expected<void> good;
  report::SavedRunVisitor visitor;
  visitor.started = [&](const run::Provenance& provenance, std::size_t) {
    recorder.begin(provenance);
  };
  visitor.cell = [&](CellResult&& result) {
    if (good) {
      good = recorder.take(result);
    }
  };
  for (const auto& file : saved_runs) {
    TRY(report::read_run(file, visitor));
    if (!good) {
      return input_error("{}: {}", file.string(), good.error().message);
    }
  }
  return recorder.result();
}

}  // namespace cni_matrix::compat
