#include "with_fault.hpp"

#include "child.hpp"
#include "forward.hpp"
#include "paths.hpp"
#include "runtime.hpp"
#include "streams.hpp"
#include "tap.hpp"
#include "worker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

constexpr std::size_t k_flood_bytes = 64U << 20U;

// Print, and note what our caller really got. False when it does not read.
bool print(const char* bytes, std::size_t size, Trace& trace) {
  if (!write_all(STDOUT_FILENO, bytes, size)) {
    return false;
  }
  trace.stream(Tag::output, bytes, size);
  return true;
}

void print(const char* text, Trace& trace) {
  print(text, std::strlen(text), trace);
}

// The error object of SPEC section 5; the rule has the rest of it.
void print_failure(const Rule& rule, const CniVersion& version, Trace& trace) {
  print("{\"cniVersion\":\"", trace);
  print(version.text(), trace);
  print("\",", trace);
  print(rule.text.data(), rule.text.size(), trace);
}

void print_text(const Rule& rule, const CniVersion& version, Trace& trace) {
  const char* from = rule.text.data();
  const char* const end = from + rule.text.size();
  const std::size_t size = sizeof(k_version_placeholder) - 1;
  while (from < end) {
    const auto rest = static_cast<std::size_t>(end - from);
    const void* found = ::memmem(from, rest, k_version_placeholder, size);
    if (found == nullptr) {
      print(from, rest, trace);
      return;
    }
    const char* placeholder = static_cast<const char*>(found);
    print(from, static_cast<std::size_t>(placeholder - from), trace);
    print(version.text(), trace);
    from = placeholder + size;
  }
}

void print_flood(Trace& trace) {
  static char bytes[64U << 10U];
  std::fill(std::begin(bytes), std::end(bytes), 'x');
  for (std::size_t printed = 0; printed < k_flood_bytes; printed += sizeof(bytes)) {
    if (!print(bytes, sizeof(bytes), trace)) {
      return;
    }
  }
}

void wait_ms(int milliseconds) {
  timespec left = {milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

// Programs are looked up in PATH by plugins (iptables, nft) and delegated ones get it from them.
void empty_path(char** environment) {
  static char path[PATH_MAX];
  std::snprintf(path, sizeof(path), "PATH=%s/empty", faults_directory());
  for (; *environment != nullptr; ++environment) {
    if (std::strncmp(*environment, "PATH=", 5) == 0) {
      *environment = path;
    }
  }
}

void kill_runtime_noting(const Rule& rule, Trace& trace) {
  if (const char* why = kill_runtime(); why != nullptr) {
    char note[256];
    const int length = std::snprintf(note, sizeof(note), "%s: %s", rule.name, why);
    trace.fault({note, std::min(sizeof(note) - 1, static_cast<std::size_t>(length))});
  }
}

int exited(int status) {
  return W_EXITCODE(status, 0);
}

// Termination signals end us here as they would end the plugin; a caller that does not read is no
// reason to die.
[[noreturn]] void instead_of_plugin(const Rule& rule, Trace& trace, Tap& tap) {
  ::signal(SIGPIPE, SIG_IGN);
  tap.skip_input(trace);
  switch (rule.action) {
    case FaultAction::fail:
      print_failure(rule, tap.version, trace);
      end_like(exited(1), trace, 0);
    case FaultAction::text:
      print_text(rule, tap.version, trace);
      end_like(exited(rule.status), trace, 0);
    case FaultAction::flood:
      print_flood(trace);
      end_like(exited(0), trace, 0);
    case FaultAction::killed:
      end_like(W_EXITCODE(0, SIGKILL), trace, 0);
    case FaultAction::hang:
      for (;;) {
        ::pause();
      }
    case FaultAction::exit:
    default:  // the others run the plugin
      end_like(exited(rule.status), trace, 0);
  }
}

void before_plugin(const Call& call, const Rule& rule, Trace& trace, Tap& tap) {
  switch (rule.action) {
    case FaultAction::fail_after:
    case FaultAction::text_after:
    case FaultAction::kill_runtime_after:
      tap.hold_output = true;
      break;
    case FaultAction::kill_runtime_before:
      tap.read_input(trace);  // or it could die before it has written all of it
      kill_runtime_noting(rule, trace);
      tap.hold_output = true;
      break;
    case FaultAction::error_output:
      trace.stream(Tag::error_output, rule.text.data(), rule.text.size());
      write_all(STDERR_FILENO, rule.text.data(), rule.text.size());
      break;
    case FaultAction::without_iptables:
      empty_path(call.environment);
      break;
    default:
      break;
  }
}

[[noreturn]] void after_plugin(const Rule& rule, const Ending& ending, Trace& trace,
                               const Tap& tap) {
  int status = ending.status;
  switch (rule.action) {
    case FaultAction::fail_after:
      print_failure(rule, tap.version, trace);
      status = exited(1);
      break;
    case FaultAction::text_after:
      print_text(rule, tap.version, trace);
      status = exited(rule.status);
      break;
    case FaultAction::kill_runtime_after:
      kill_runtime_noting(rule, trace);
      print(tap.held, tap.held_size, trace);
      break;
    default:
      print(tap.held, tap.held_size, trace);  // kill-runtime-before; none otherwise
      break;
  }
  end_like(status, trace, ending.reaping_us);
}

}  // namespace

void run_with_fault(const Call& call, const Rule& rule) {
  Tap tap;
  Trace trace(trace_socket(), call.name, call.start_ns, call.environment);
  trace.fault(rule.name);
  if (!traits_of(rule.action).runs_plugin) {
    instead_of_plugin(rule, trace, tap);
  }
  if (rule.action == FaultAction::slow) {
    wait_ms(rule.milliseconds);  // before signals are ours: a termination signal ends the wait
  }
  const Signals signals;
  before_plugin(call, rule, trace, tap);
  Child child = start(call.path, call.arguments, call.environment, signals);
  if (child.pid < 0 || signals.fd() < 0) {
    refuse("there are no descriptors or processes left");
  }
  const Ending ending = forward(child, signals, trace, &tap);
  after_plugin(rule, ending, trace, tap);
}

}  // namespace cni_matrix::recorder
