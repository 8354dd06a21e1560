#include "deeds.hpp"

#include "tools.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <trace_format.hpp>

namespace hostile {
namespace {

namespace trace = cni_matrix::recorder;

constexpr const char* k_trace = "/run/cni-matrix/trace";
constexpr const char* k_socket = "/run/cni-matrix/trace/socket";

void append(std::string& record, trace::Tag tag, const std::string& content) {
  std::array<char, trace::k_chunk_header_size> header{};
  trace::put_chunk_header(header.data(), tag, static_cast<std::uint32_t>(content.size()));
  record.append(header.data(), header.size());
  record += content;
}

// A call that never was, as the recorder writes one.
std::string forged_record() {
  std::string record(trace::k_magic, trace::k_magic_size);
  append(record, trace::Tag::plugin, "forged");
  append(record, trace::Tag::start, "1");
  append(record, trace::Tag::environment, "CNI_COMMAND=ADD");
  append(record, trace::Tag::output, "{}");
  append(record, trace::Tag::end, "0 0 2 0");
  return record;
}

void send_to_socket(const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, k_socket, sizeof address.sun_path - 1);
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
    const File socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket.get(), to, sizeof address) == 0) {
      ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
  }
}

// As much of a recorder's talk with the worker as can be had without what only recorders know.
std::string forged_talk(const std::string& chunks) {
  constexpr std::size_t k_proof_size = 32;
  std::string size;
  for (unsigned i = 0; i < 4; ++i) {
    size += static_cast<char>((chunks.size() >> (8 * i)) & 0xffU);
  }
  return std::string(trace::k_magic, trace::k_magic_size) + std::string(k_proof_size, 'n') + size +
         chunks + std::string(k_proof_size, 'p');
}

void forge_trace() {
  const auto record = forged_record();
  for (const auto* name : {"/00000000000000000002-2", "/99999999999999999999-9"}) {
    const File file(k_trace + std::string(name), O_WRONLY | O_CREAT | O_EXCL, 0644);
    static_cast<void>(::write(file.get(), record.data(), record.size()));
  }
  send_to_socket(record);
  send_to_socket(forged_talk(record.substr(trace::k_magic_size)));
  send_to_socket("garbage\n");
}

// The next call of this plugin would come to it directly.
void replace_recorder() {
  const std::string place = "/opt/cni/bin/hostile";
  ::unlink(place.c_str());
  if (::symlink("/opt/stacks/plugins-0/hostile", place.c_str()) != 0) {
    std::perror("hostile: cannot take the recorder's place");
  }
}

void delete_trace() {
  for (const auto& name : names_in(k_trace)) {
    ::unlink((std::string(k_trace) + "/" + name).c_str());
  }
}

// A PID namespace has one of its own since Linux 6.14.
bool has_own_pid_max() {
  utsname kernel{};
  ::uname(&kernel);
  int major_number = 0;
  int minor_number = 0;
  // NOLINTNEXTLINE(cert-err34-c): 0 where there is no number
  std::sscanf(kernel.release, "%d.%d", &major_number, &minor_number);
  return std::pair(major_number, minor_number) >= std::pair(6, 14);
}

void change_sysctls() {
  // Each kept by the kernel for a namespace that a node has of its own.
  for (const auto* name :
       {"kernel/pid_max", "net/ipv4/ip_forward", "net/ipv4/ip_local_reserved_ports",
        "net/core/somaxconn", "net/ipv4/tcp_keepalive_time", "kernel/shmmni", "kernel/msgmni",
        "kernel/sem", "kernel/msgmax", "fs/mqueue/msg_max", "fs/mqueue/queues_max",
        "kernel/ns_last_pid", "user/max_user_namespaces", "user/max_net_namespaces"}) {
    if (name == std::string_view("kernel/pid_max") && !has_own_pid_max()) {
      continue;
    }
    const auto path = std::string("/proc/sys/") + name;
    const auto text = read_text(path);
    auto value = text.empty() || text == "\n" ? std::string("4711") : text;
    const auto digit = value.find_first_of("0123456789");
    if (digit == std::string::npos) {
      continue;
    }
    value[digit] = value[digit] == '1' ? '2' : '1';
    const auto outcome = write_back(path, value);
    std::string line = std::string("sysctl ") + name + " " +
                       (outcome.kind == Outcome::Kind::reached ? "written" : "refused") + "\n";
    static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()));
  }
}

}  // namespace

bool commit(const std::string& deed, const Target& target) {
  // Only where it is sure that it is not the host's processes, mounts and values that are hit.
  for (const auto* kind : {"pid", "mnt", "net", "ipc"}) {
    if (!target.namespaces.contains(kind) || in_host_namespace(target, kind)) {
      return false;
    }
  }
  if (deed == "kill-all") {
    ::kill(-1, SIGKILL);
  } else if (deed == "kill-recorder") {
    ::kill(::getppid(), SIGKILL);
  } else if (deed == "forge-trace") {
    forge_trace();
  } else if (deed == "delete-trace") {
    delete_trace();
  } else if (deed == "replace-recorder") {
    replace_recorder();
  } else if (deed == "cover-trace") {
    ::mount("tmpfs", k_trace, "tmpfs", 0, "size=64k");
  } else if (deed == "change-sysctls") {
    change_sysctls();
  } else if (deed == "stay") {
    constexpr timespec k_long = {20, 0};
    ::nanosleep(&k_long, nullptr);
  } else {
    return false;
  }
  return true;
}

void act_at_start() {
  const auto self = link_target("/proc/self/exe");
  auto path = read_text(self.substr(0, self.rfind('/')) + "/at-start");
  if (path.empty()) {
    return;
  }
  { const File file(path, O_WRONLY | O_CREAT, 0644); }
  if (::fork() == 0) {
    ::setsid();
    ::prctl(PR_SET_NAME, "hostile-left");
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    constexpr timespec k_long = {30, 0};
    ::nanosleep(&k_long, nullptr);
    ::_exit(0);
  }
}

}  // namespace hostile
