#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace cni_matrix {

// How a program is run. No shell is ever involved. The child inherits standard streams only, and is
// killed by the kernel (PDEATHSIG) when the thread that started it ends.
struct CommandOptions {
  std::string_view input;                     // what it reads on standard input
  std::vector<std::string> environment;       // "NAME=value"; nothing is inherited
  std::filesystem::path working_directory;    // empty: ours
  std::chrono::milliseconds timeout{60'000};  // then SIGKILL to its process group
  std::size_t output_limit = 8U << 20U;       // bytes of each stream that are kept
  bool foreign = false;  // a program that is not trusted: it is started apart (base/apart.hpp)
  // The file of the network namespace that a foreign program is run in; empty: where we are.
  std::filesystem::path network;
  std::function<bool()> cancelled;  // asked ten times a second; true ends it as the time limit does
};

struct CommandResult {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  bool timed_out = false;
  bool cancelled = false;
  bool truncated = false;  // a stream had more than output_limit bytes
  std::string out;
  std::string err;
  [[nodiscard]] bool ok() const { return exit_code == 0; }
};

// Run a program to its end. argv[0] is a path, or a name that is looked up in the fixed PATH
// (k_system_path). Error kind: broken when it cannot be started; a program that fails is no error.
Expected<CommandResult> run_program(const std::vector<std::string>& argv,
                                    const CommandOptions& options = {});

// CPU time, in microseconds, of the programs that this process has run with run_program.
std::int64_t commands_cpu_us();

// Where programs of the system are looked up, whoever calls: an ordinary user's PATH lacks sbin.
inline constexpr std::string_view k_system_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// PATH, HOME, LANG=C and nothing else: what daemons, plugins and tools are started with.
std::vector<std::string> fixed_environment();

// The full path of a program in k_system_path; empty when there is none.
std::filesystem::path find_program(std::string_view name);

// A foreign program that runs beside us (containerd), started apart (base/apart.hpp). Killed and
// reaped with this object.
class BackgroundProcess {
 public:
  // Standard output and error both go to `log` (appended). `network` is the file of the network
  // namespace that it is run in; empty: where we are. Error kind: broken.
  static Expected<BackgroundProcess> start(const std::vector<std::string>& argv,
                                           const std::vector<std::string>& environment,
                                           const std::filesystem::path& log,
                                           const std::filesystem::path& network = {});
  BackgroundProcess() = default;
  BackgroundProcess(BackgroundProcess&& other) noexcept;
  BackgroundProcess& operator=(BackgroundProcess&& other) noexcept;
  BackgroundProcess(const BackgroundProcess&) = delete;
  BackgroundProcess& operator=(const BackgroundProcess&) = delete;
  ~BackgroundProcess();

  [[nodiscard]] pid_t pid() const { return m_pid; }
  [[nodiscard]] int pidfd() const { return m_pidfd.get(); }  // readable when it has ended
  [[nodiscard]] bool running() const;
  void signal(int number) const;
  // True when it ended within the time; it is reaped then.
  bool wait(std::chrono::milliseconds timeout);
  // How it ended, once wait() has reaped it: "status 1", "signal 9".
  [[nodiscard]] std::string ending() const;

 private:
  pid_t m_pid = -1;
  Fd m_pidfd;
  int m_status = 0;  // as waitpid(2) gives it
};

}  // namespace cni_matrix
