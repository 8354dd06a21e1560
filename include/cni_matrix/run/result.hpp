#pragma once

#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/matrix/cell.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>
#include <cni_matrix/scenario/outcome.hpp>
#include <cni_matrix/verdict/statements.hpp>
#include <cni_matrix/verdict/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a run says of its cells. Passive data: made by run/, shown by report/.
namespace cni_matrix::run {

using scenario::StepResult;
using verdict::name_of;
using verdict::parse_verdict;
using verdict::Verdict;

// CPU time of a cell, in microseconds.
struct CpuTime {
  std::int64_t total_us = 0;    // every process of the node
  std::int64_t harness_us = 0;  // of it: init, worker, recorder
};

struct CellResult {
  matrix::Cell cell;
  std::string
      runtime;  // "daemon" or "embedded": which one it really was; empty when skipped before
  // Why `--runtime auto` modelled the cell; empty when it did not.
  std::string modelled_because;
  // What was taken for granted of a containerd version that nothing is known of; mostly empty.
  std::string assumed;
  std::optional<artifacts::Artifact> containerd;  // absent when modelled without the binary
  std::string containerd_version;                 // "1.6.20"
  std::optional<artifacts::Artifact> plugins;
  std::string plugins_version;
  Verdict verdict = Verdict::broken;
  std::string reason;              // one sentence; for skip, broken, fail, leak
  std::vector<std::string> known;  // ids of the known behaviours that were matched: "F02"
  std::string remedy;              // of the first of them
  // Forbidden system calls that foreign programs made: "bpf (CAP_BPF) by cilium-cni".
  std::vector<std::string> denied;
  std::vector<StepResult> steps;
  std::optional<node::Inventory> after_run;  // what the running pod added; absent when run failed
  node::Inventory leftover;  // what was there after the last step and not before the first
  // What it was judged by; null for a cell that did not run, and in a run that was saved.
  std::shared_ptr<const verdict::Observation> observation;
  std::optional<NetworkStatus> network;  // CRI Status after a failed run or an edit
  std::vector<recorder::PluginCall> trace;
  std::string
      log;  // end of containerd's log and the plugins' stderr; kept for a cell that did not pass
  std::int64_t wall_us = 0;
  CpuTime cpu;
};

Json to_json(const CellResult& result);
Expected<CellResult> cell_result_from_json(const Json& value);

// Where and with what a run was made.
struct Provenance {
  std::string program_version;
  std::string matrix;   // its name; empty when there was none but the command line's
  std::string started;  // RFC 3339, UTC
  std::string kernel;
  std::string architecture;
  std::string iptables;              // "iptables v1.8.9 (nf_tables)", or empty
  std::string runc;                  // first line of `runc --version`, or empty
  std::string privileges;            // what held the nodes: name_of(node::Boundary)
  std::vector<std::string> modules;  // of the kernel, that were loaded for this run
  int jobs = 0;
  std::string command_line;
};

// What ended a run before its last cell.
enum class Stop {
  none,
  sigint,
  sigterm,
  sighup,
  timeout,  // --timeout
  trouble,  // an error that concerns all cells
  killed,   // the saved run just ends
};

struct RunSummary {
  std::size_t cells = 0;
  std::map<Verdict, std::size_t> verdicts;
  std::int64_t wall_us = 0;
  CpuTime cpu;
  bool interrupted = false;
  Stop stopped_by = Stop::none;   // of an interrupted run, where it is known
  std::optional<Ending> trouble;  // the error behind Stop::trouble, where it is known
  std::size_t modelled = 0;       // of the cells that were executed, those on the embedded runtime
  std::vector<std::string> fail_on;                  // "skip", "modelled": what is bad news too
  std::vector<verdict::StatementResult> statements;  // of the matrix
  std::vector<std::string> modules;  // of the kernel, which it loaded for the run and which stay

  // Count one more cell. `cells` and `wall_us` belong to the run and are left alone.
  void add(const CellResult& result);
  [[nodiscard]] std::size_t count(Verdict verdict) const;
  // What the cells came to, in words too, by the table of base/exit_status.hpp. A cell that
  // --fail-fast cut short does not hide the failure that caused it.
  [[nodiscard]] Ending ending() const;
  [[nodiscard]] int exit_status() const { return number_of(ending().status); }
};

Json to_json(const Provenance& provenance);
Json to_json(const RunSummary& summary);
Expected<Provenance> provenance_from_json(const Json& value);
Expected<RunSummary> summary_from_json(const Json& value);

}  // namespace cni_matrix::run
