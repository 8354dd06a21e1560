#include "last_line.hpp"

#include "base/say.hpp"
#include "base/text.hpp"
#include "cli/command_line.hpp"
#include "cli/compat.hpp"
#include "cli/diff.hpp"
#include "cli/explain.hpp"
#include "cli/fetch.hpp"
#include "cli/list.hpp"
#include "cli/plan.hpp"
#include "cli/report.hpp"
#include "cli/run.hpp"
#include "cli/shell.hpp"
#include "cli/store.hpp"
#include "cli/verify.hpp"
#include "run/signals.hpp"
#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/base/paths.hpp>

#include <csignal>
#include <exception>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// The program: words into a command, an Error into one sentence and an exit status.
namespace {

using namespace cni_matrix;

constexpr std::size_t k_longest_refusal = 500;  // bytes, of a sentence about bad input

constexpr const char* k_footer = R"(
Environment:
  CNI_MATRIX_CACHE  where binaries and prepared roots are kept (default: $XDG_CACHE_HOME or
                    ~/.cache, in cni-matrix): about 200 MB for a version of containerd with
                    two of the plugins, 700 MB for matrix default
  CNI_MATRIX_DATA   where matrix/ and scenarios/ are (default: beside the program)
A node takes up to 192 MiB of memory while it runs; a first run of matrix default takes
some minutes, most of them for fetching, and a second one half a minute.

Examples:
  cni-matrix run default
  cni-matrix run --containerd debian:bookworm --plugins debian:bullseye --cni-version none,1.0.0
  cni-matrix run --containerd 1.6.2 --plugins dir:/opt/cni/bin --conflist my.conflist
  cni-matrix run default --json run.json --junit junit.xml
  cni-matrix plan default
  cni-matrix compat --containerd 1.6.2 --plugins 1.1.1
  cni-matrix explain F02)";

// Descriptors 0 to 2 that the caller closed are taken, so that no file of ours becomes standard
// output; writing there fails, as it should. Of a closed standard error nobody can be told.
void occupy_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0) {
      // The lowest free descriptor is this one.
      (void)::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
    }
  }
}

int perform(const cli::Action& action) {
  const auto data = check_data_directory();
  const auto ending = data ? action() : tl::unexpected(data.error());
  if (!ending) {
    auto why = printable(ending.error().message);
    if (ending.error().kind == ErrorKind::input) {
      why = excerpt(why, k_longest_refusal);
    }
    if (ending.error().kind == ErrorKind::interrupted) {
      say(stderr, "cni-matrix: {}\n", why);
      auto interrupted = ending_by_signal(run::StopSignals::pending(), "it was not done");
      interrupted.line = Ending::Line::on_error;
      return cli::end_with(interrupted);
    }
    return cli::refuse(status_of(ending.error().kind), why);
  }
  return cli::end_with(*ending);
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a reader that leaves is an error to us
  end_on_signals();
  constexpr mode_t k_writable_by_us_alone = 022;
  ::umask(k_writable_by_us_alone);  // whatever the caller's is: others must not change what we run
  cli::CommandLine line(
      "cni-matrix",
      "Does this containerd work with these CNI plugins and this network configuration, for "
      "the whole life of a pod sandbox?",
      "cni-matrix " + std::string(program_version()));
  auto program = line.program();
  program.needs_command();
  program.footer(k_footer);
  // In the order of --help.
  for (const auto add : {cli::add_run, cli::add_plan, cli::add_fetch, cli::add_verify,
                         cli::add_compat, cli::add_explain, cli::add_list, cli::add_report,
                         cli::add_diff, cli::add_store, cli::add_shell}) {
    add(program);
  }
  const auto action = line.parse(argc, argv);
  if (!action) {
    return cli::refuse(status_of(action.error().kind), action.error().message);
  }
  if (!*action) {
    return cli::end_of_text();
  }
  try {
    return perform(*action);
  } catch (const std::exception& error) {
    return cli::refuse(ExitStatus::broken, fmt::format("trouble that should not be: {}",
                                                       excerpt(error.what(), k_longest_refusal)));
  }
}
