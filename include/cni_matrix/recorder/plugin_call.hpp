#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::recorder {

// One execution of a CNI plugin as the recorder saw it (CNI SPEC section 2).
struct PluginCall {
  std::string plugin;                              // "bridge", from argv[0]
  std::string command;                             // CNI_COMMAND
  std::map<std::string, std::string> environment;  // CNI_* variables, CNI_COMMAND included
  std::string input;                               // the configuration on standard input
  std::string output;                              // what its caller got, also under a fault
  std::string error_output;
  bool truncated = false;  // a stream had more than 1 MiB; that much of it is here
  int exit_code = -1;      // -1 when a signal ended it or it did not end
  int signal = 0;
  bool finished = false;      // false: it was still running when the trace was read
  bool delegated = false;     // called by another plugin (an IPAM plugin), not by the runtime
  std::int64_t start_ns = 0;  // CLOCK_MONOTONIC
  std::int64_t end_ns = 0;
  // CPU of the recorder itself: not the plugin's, nor what the kernel takes to reap the plugin.
  std::int64_t recorder_cpu_us = 0;
  // The fault that was applied (faults.hpp), by name: "fail-after"; empty when none was. One that
  // could not be: "kill-runtime-before: " and why.
  std::string fault;
  // What the plugin printed under a fault that keeps its output back: all of it, also when it was
  // passed on in the end.
  std::string withheld;
};

// A time in which a scenario ended processes, or let a runtime end them: recorders that end then
// say nothing about plugins. CLOCK_MONOTONIC, nanoseconds.
struct Interruption {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

Json to_json(const PluginCall& call);
Expected<PluginCall> plugin_call_from_json(const Json& value);

}  // namespace cni_matrix::recorder
