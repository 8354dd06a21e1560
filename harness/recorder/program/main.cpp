// The recorder: stands in for every plugin in a node's /opt/cni/bin, notes the call and runs the
// real plugin of the same name. It must not change outcomes, and be small and quick: it is started
// as often as a plugin is. So it is linked statically and uses nothing of libstdc++ but templates.

#include "call.hpp"
#include "child.hpp"
#include "forward.hpp"
#include "paths.hpp"
#include "rule.hpp"
#include "trace.hpp"
#include "with_fault.hpp"
#include "worker.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

// Pipes must not get the numbers of standard streams that our caller left closed.
void open_standard_streams() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  ::close(fd);
}

int run(char** arguments, char** environment) {
  const std::int64_t start_ns = now_ns();
  if (arguments[0] == nullptr) {
    return 127;
  }
  open_standard_streams();
  const char* slash = std::strrchr(arguments[0], '/');
  const char* name = slash == nullptr ? arguments[0] : slash + 1;
  char path[PATH_MAX];
  std::snprintf(path, sizeof(path), "%s/%s", real_plugins(), name);

  const Call call = {name, path, arguments, environment, start_ns};
  const Rule* rule = due_rule(name, std::getenv("CNI_COMMAND"));
  if (rule != nullptr && rule->readable) {
    run_with_fault(call, *rule);
  }

  Trace trace(trace_socket(), name, start_ns, environment);
  const Signals signals;
  Child child = start(path, arguments, environment, signals);
  if (child.pid < 0 || signals.fd() < 0) {
    refuse("there are no descriptors or processes left");
  }
  if (rule != nullptr) {
    trace.fault("none applied: a rule in the faults directory is malformed");
  }
  const Ending ending = forward(child, signals, trace);
  end_like(ending.status, trace, ending.reaping_us);
}

}  // namespace
}  // namespace cni_matrix::recorder

int main(int /*argc*/, char** argv) {
  return cni_matrix::recorder::run(argv, environ);
}
