#pragma once

namespace cni_matrix::recorder {

// What goes wrong in a plugin call. Where the real plugin is not run, standard input is read to its
// end all the same, as every plugin does.
enum class FaultAction {
  fail,                 // an error object on standard output, exit status 1
  fail_after,           // run, its output withheld; then as fail: state is left behind
  exit,                 // no output, exit status `status`
  text,                 // `text` on standard output, exit status `status`
  text_after,           // run, its output withheld; then as text
  flood,                // 64 MiB of 'x' on standard output, exit status 0
  error_output,         // `text` on standard error, then run as usual
  hang,                 // never ends until it is killed
  slow,                 // waits `milliseconds`, then run as usual
  killed,               // dies of SIGKILL without output
  kill_runtime_before,  // the runtime gets SIGKILL and has died before the plugin is started
  kill_runtime_after,   // the same after the plugin has ended, before its output is passed on
  without_iptables,     // run with PATH naming an empty directory: no iptables, no nft
};

// What an action takes beside plugin, command and call: see Fault.
enum FaultTakes : unsigned {
  k_takes_nothing = 0,
  k_takes_error = 1,  // code, message, details
  k_takes_text = 2,
  k_takes_status = 4,
  k_takes_wait = 8,  // milliseconds
};

// How a call with it ends.
enum class FaultEnd {
  itself,
  late,          // who waits for the call may kill it
  with_runtime,  // the runtime dies in it
};

struct FaultActionTraits {
  FaultAction action;
  const char* name;  // in JSON and in rule files
  unsigned takes;
  bool runs_plugin;
  FaultEnd end;
};

// In the order of FaultAction. A further one is a row here, what the recorder does
// (harness/recorder/program/with_fault.cpp), and its name in matrix/scenario.schema.json.
inline constexpr FaultActionTraits k_fault_actions[] = {
    {FaultAction::fail, "fail", k_takes_error, false, FaultEnd::itself},
    {FaultAction::fail_after, "fail-after", k_takes_error, true, FaultEnd::itself},
    {FaultAction::exit, "exit", k_takes_status, false, FaultEnd::itself},
    {FaultAction::text, "text", k_takes_text | k_takes_status, false, FaultEnd::itself},
    {FaultAction::text_after, "text-after", k_takes_text | k_takes_status, true, FaultEnd::itself},
    {FaultAction::flood, "flood", k_takes_nothing, false, FaultEnd::itself},
    {FaultAction::error_output, "stderr", k_takes_text, true, FaultEnd::itself},
    {FaultAction::hang, "hang", k_takes_nothing, false, FaultEnd::late},
    {FaultAction::slow, "slow", k_takes_wait, true, FaultEnd::late},
    {FaultAction::killed, "killed", k_takes_nothing, false, FaultEnd::itself},
    {FaultAction::kill_runtime_before, "kill-runtime-before", k_takes_nothing, true,
     FaultEnd::with_runtime},
    {FaultAction::kill_runtime_after, "kill-runtime-after", k_takes_nothing, true,
     FaultEnd::with_runtime},
    {FaultAction::without_iptables, "without-iptables", k_takes_nothing, true, FaultEnd::itself},
};

constexpr const FaultActionTraits& traits_of(FaultAction action) {
  return k_fault_actions[static_cast<unsigned>(action)];
}
static_assert([] {
  for (const auto& traits : k_fault_actions) {
    if (&traits_of(traits.action) != &traits) {
      return false;
    }
  }
  return true;
}());

}  // namespace cni_matrix::recorder
