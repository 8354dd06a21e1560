#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/matrix/cell.hpp>
#include <cni_matrix/run/listener.hpp>
#include <cni_matrix/run/result.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

// The way in for programs outside; they link cni_matrix::harness. What include/cni_matrix names
// stays as it is within a minor version; with the next one of 0.x it may change, as CHANGELOG.md
// says.
namespace cni_matrix::run {

struct RunOptions {
  int jobs = 0;  // nodes at once; 0: twice the cores, fewer where memory is short
  bool record = true;
  bool fail_fast = false;
  bool keep = false;        // nodes stay until a signal or run_timeout
  bool privileged = false;  // root's nodes without a user namespace
  int repeat = 1;
  std::chrono::milliseconds step_timeout{60'000};
  std::chrono::milliseconds cell_timeout{300'000};
  std::chrono::milliseconds run_timeout{0};  // 0: none
  // From when run_timeout counts: these options are made as the program starts.
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::filesystem::path cache;  // for prepared roots
};

// Whether run_timeout is over. What takes long before the first cell looks at it too.
bool out_of_time(const RunOptions& options);
// That, or a signal came (StopSignals).
bool must_stop(const RunOptions& options);

// Where a provisioner has foreign programs asked for their version: a node, without a network, that
// ends with them. `cancelled` is asked often, and true ends it.
artifacts::Sandbox node_sandbox(std::function<bool()> cancelled = {}, bool privileged = false);

// Run every cell on a node of its own and judge it. The caller must be single-threaded. SIGINT and
// SIGTERM end the run: what is done is kept, the summary says interrupted.
//
// A cell that cannot run is a result too (skip, broken); an Error is for what concerns all of them.
// Error kinds: input (a conflist, scenario or directory is wrong), unavailable (no namespaces
// here).
Expected<RunSummary> run_cells(const std::vector<matrix::Cell>& cells, const RunOptions& options,
                               artifacts::Provisioner& provisioner,
                               const verdict::KnownBehaviours& behaviours, Listener& listener);

// Kernel, iptables, privileges and so on of this machine, whose kernel has the modules that nodes
// need after that. Error kinds: unavailable or broken, when no node can be made here.
Expected<Provenance> take_provenance(bool privileged);

// The kernel modules that are loaded now. Namespaces do not hold them: what a plugin makes the
// kernel load stays.
std::set<std::string> loaded_modules();

// Twice the cores, capped so that each node has 192 MiB.
int default_jobs();

}  // namespace cni_matrix::run
