#include "foreign_program.hpp"
#include "signals.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/run/runner.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <thread>

#include <sys/utsname.h>
#include <unistd.h>

namespace cni_matrix::run {

namespace {

// What a program of the host says of itself; it is not ours, so it runs in a node.
std::string first_line_of(const std::vector<std::string>& argv, bool privileged) {
  if (find_program(argv[0]).empty()) {
    return {};
  }
  constexpr std::chrono::seconds k_limit{10};
  const auto result = run_in_node(
      argv, {}, k_limit, [] { return StopSignals::pending() != 0; }, privileged);
  return result ? printable(trim(split(result->out, '\n').front())) : std::string();
}

std::string now() {
  const auto time = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// This process's own, to be pasted into a shell again.
std::string command_line() {
  constexpr std::string_view k_plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=,./:@%";
  std::string line;
  auto words = split(read_file("/proc/self/cmdline").value_or(""), '\0');
  words.pop_back();  // the last one ends with a NUL too
  for (auto& word : words) {
    word = without_credentials(word);
    line += line.empty() ? "" : " ";
    if (!word.empty() && word.find_first_not_of(k_plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    line += '\'';
  }
  return line;
}

// MemAvailable of /proc/meminfo, in bytes.
std::uint64_t available_memory() {
  const auto text = read_file("/proc/meminfo");
  constexpr std::string_view k_key = "MemAvailable:";
  for (const auto& line : split(text.value_or(""), '\n')) {
    if (line.starts_with(k_key)) {
      const auto number = trim(std::string_view(line).substr(k_key.size()));
      std::uint64_t kibibytes = 0;
      std::from_chars(number.data(), number.data() + number.size(), kibibytes);
      return kibibytes << 10U;
    }
  }
  return 1U << 30U;
}

}  // namespace

std::set<std::string> loaded_modules() {
  std::set<std::string> names;
  // A kernel without modules has no such file.
  for (const auto& line : split(read_file("/proc/modules").value_or(""), '\n')) {
    if (!line.empty()) {
      names.insert(line.substr(0, line.find(' ')));
    }
  }
  return names;
}

namespace {

// Of links, and of the rules that the plugins make with iptables and nft. Which of them a kernel
// has built in, and which of iptables' two backends it needs, modprobe knows.
const std::vector<std::string> k_modules = {"veth",
                                            "bridge",
                                            "br_netfilter",
                                            "nf_tables",
                                            "nft_compat",
                                            "nft_chain_nat",
                                            "nft_masq",
                                            "nft_redir",
                                            "nf_nat",
                                            "nf_conntrack",
                                            "nf_conntrack_netlink",
                                            "xt_comment",
                                            "xt_conntrack",
                                            "xt_MASQUERADE",
                                            "xt_mark",
                                            "xt_multiport",
                                            "xt_addrtype",
                                            "xt_nat"};

// In a node it is too late: what a plugin makes the kernel load there would be its doing.
std::vector<std::string> load_modules() {
  if (::geteuid() != 0 || find_program("modprobe").empty()) {
    return {};  // a plugin that misses one says so
  }
  const auto before = loaded_modules();
  std::vector<std::string> argv{"modprobe", "--quiet", "--all"};
  argv.insert(argv.end(), k_modules.begin(), k_modules.end());
  static_cast<void>(run_program(argv));  // fails where a kernel has not all of them
  auto after = loaded_modules();
  std::erase_if(after, [&](const std::string& name) { return before.contains(name); });
  return {after.begin(), after.end()};
}

}  // namespace

int default_jobs() {
  constexpr std::uint64_t k_memory_of_a_node = 192U << 20U;
  const std::uint64_t cores = std::max(1U, std::thread::hardware_concurrency());
  const auto fit = std::max<std::uint64_t>(1, available_memory() / k_memory_of_a_node);
  return static_cast<int>(std::min<std::uint64_t>(2 * cores, fit));
}

Expected<Provenance> take_provenance(bool privileged) {
  Provenance provenance;
  provenance.modules = load_modules();
  TRY_ASSIGN(provenance.privileges, node::check_privileges(privileged));
  provenance.program_version = program_version();
  provenance.started = now();
  provenance.command_line = command_line();
  utsname names{};
  ::uname(&names);
  provenance.kernel = fmt::format("{} {}", names.sysname, names.release);
  provenance.architecture = names.machine;
  provenance.iptables = first_line_of({"iptables", "--version"}, privileged);
  provenance.runc = first_line_of({"runc", "--version"}, privileged);
  return provenance;
}

}  // namespace cni_matrix::run
