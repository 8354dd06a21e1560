#pragma once

namespace cni_matrix::recorder {

// What goes wrong in a plugin call. "Not run" means that the real plugin is not started; standard
// input is read to its end all the same, as every plugin does.
enum class FaultAction {
  fail,                 // not run; an error object on standard output, exit status 1
  fail_after,           // run, its output withheld; then as fail: state is left behind
  exit,                 // not run; no output, exit status `status`
  text,                 // not run; `text` on standard output, exit status `status`
  text_after,           // run, its output withheld; then as text
  flood,                // not run; 64 MiB of 'x' on standard output, exit status 0
  error_output,         // `text` on standard error, then run as usual
  hang,                 // not run; never ends until it is killed
  slow,                 // waits, then run as usual
  killed,               // not run; dies of SIGKILL without output
  kill_runtime_before,  // the runtime gets SIGKILL and has died before the plugin is started
  kill_runtime_after,   // the same after the plugin has ended, before its output is passed on
  without_iptables,     // run with PATH naming an empty directory: no iptables, no nft
};

}  // namespace cni_matrix::recorder
