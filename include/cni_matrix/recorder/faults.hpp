#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/recorder/fault_action.hpp>

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

// Faults that a scenario switches on in a running node. The recorder looks for them at the start of
// every plugin call, delegated ones (IPAM) too, so they need a node whose calls are recorded.
namespace cni_matrix::recorder {

struct Fault {
  std::string plugin;   // "bridge", "host-local": the name that the runtime or plugin calls
  std::string command;  // CNI_COMMAND: ADD, DEL, ...; empty: any
  int call = 1;         // 1: the first such call after the fault was placed; 0: every call
  FaultAction action = FaultAction::fail;

  // fail, fail_after: an error object as in SPEC section 5 "Error". Its cniVersion is that of the
  // configuration on standard input: the last top-level key "cniVersion" whose value is a string of
  // 1 to 31 letters, digits, '.', '-' and '+'; without such a key "1.0.0".
  int code = 999;
  std::string message = "a fault of the scenario";
  std::string details;  // left out when empty

  // text, text_after, error_output: at most 64 KiB, printed byte by byte. For the first two every
  // {{cniVersion}} in it becomes the version as above.
  std::string text;
  int status = 0;        // exit, text, text_after: exit status, 0 to 255
  int milliseconds = 0;  // slow: 1 to 600000
};

// The name in JSON: "fail-after", "kill-runtime-before"; error_output is "stderr".
std::string_view name_of(FaultAction action);

// From {"plugin": "bridge", "on": "ADD", "call": 1, "do": "fail", "code": 11, "message": "..."}.
// with the keys that the action takes (k_fault_actions): text and milliseconds have to be there,
// the default of status is 1 for exit and 0 for the others. Without "on" any command, without
// "call" the first call. Other keys, and parameters that another action has, are refused; "step"
// and "if" are not looked at, so a whole step may be given. A plugin "$NAME" is let through: the
// scenario puts the name in before the fault is placed. `place` starts the error's message. Error
// kind: input.
Expected<Fault> fault_from_json(const Json& value, std::string_view place);
Json to_json(const Fault& fault);

// In force for every plugin call that starts from now on. Every fault counts the calls that fit it;
// when several are due at one call, the one placed first is applied and the others are not. At
// most 64 at a time; one thread places and clears. `directory` is layout::k_faults, which plugins
// need only read, and `counts` layout::k_fault_counts, where the recorder counts; both are made.
// Error kinds: input (a value out of its range), broken.
Expected<void> place_fault(const std::filesystem::path& directory, const Fault& fault,
                           const std::filesystem::path& counts);

// All of them, their counts too. Calls that hang or wait go on doing so. No error when there is
// none. The runtime's process id stays. Error kind: broken.
Expected<void> clear_faults(const std::filesystem::path& directory);

// The process that kill_runtime_* kill; to be set again after the runtime was started anew. `pid`
// as the plugins' process namespace counts. Error kinds: input (a pid below 2), broken.
Expected<void> set_runtime_pid(const std::filesystem::path& directory, pid_t pid);

}  // namespace cni_matrix::recorder
