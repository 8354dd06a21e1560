#include "host.hpp"

#include "base/text.hpp"
#include "node/node.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

namespace cni_matrix::hostile_tests {

namespace {

namespace fs = std::filesystem;

constexpr const char* k_text = "as it was\n";

void check(bool ok, const std::string& what) {
  if (!ok) {
    throw std::runtime_error(what + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  }
}

Fd listening_unix(const std::string& name, bool abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t skip = abstract ? 1 : 0;
  check(name.size() + 2 < sizeof address.sun_path, "the socket's name is too long");
  std::memcpy(address.sun_path + skip, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface
  check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
            ::listen(socket.get(), 16) == 0,
        name);
  return socket;
}

}  // namespace

Host::Host(const std::string& user)
    : m_directory(value_or_throw(TemporaryDirectory::create())),
      m_uid(user == "user" && ::geteuid() == 0 ? k_nobody : ::geteuid()) {
  fs::permissions(folder(), fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec |
                                fs::perms::group_read | fs::perms::others_read);
  for (const auto* kind : {"mnt", "net", "pid", "ipc", "uts", "cgroup", "user"}) {
    m_target.namespaces[kind] = fs::read_symlink(std::string("/proc/self/ns/") + kind).string();
  }
  for (const auto* name : {"home", "tmp", "cache", "out", "host", "plugins"}) {
    static_cast<void>(own_folder(name));
  }
  m_target.secret = fmt::format("hostile-secret-{}", ::getpid());
  m_target.file = own_file("host/file", k_text).string();
  m_target.plugins = (folder() / "plugins").string();
  put_hostile(folder() / "plugins/hostile");
  put_hostile(folder() / "plugins/loopback");
  listen_on_sockets();
  make_shared_things();
  know_disk();
  start_decoys();
}

Host::~Host() {
  ::mq_unlink(m_target.queue.c_str());
  ::unlink(m_target.shared_file.c_str());
  if (m_memory >= 0) {
    ::shmctl(m_memory, IPC_RMID, nullptr);
  }
}

void Host::listen_on_sockets() {
  m_target.socket = (folder() / "host/socket").string();
  m_sockets.push_back(listening_unix(m_target.socket, false));
  ::chmod(m_target.socket.c_str(), 0777);
  m_target.abstract_name = fmt::format("cni-matrix hostile {}", ::getpid());
  m_sockets.push_back(listening_unix(m_target.abstract_name, true));
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface
  auto* name = reinterpret_cast<sockaddr*>(&address);
  check(::bind(socket.get(), name, size) == 0 && ::listen(socket.get(), 16) == 0 &&
            ::getsockname(socket.get(), name, &size) == 0,
        "a socket on loopback");
  m_target.port = ntohs(address.sin_port);
  m_sockets.push_back(std::move(socket));
}

void Host::make_shared_things() {
  m_target.queue = fmt::format("/cni-matrix-hostile-{}", ::getpid());
  const mqd_t queue = ::mq_open(m_target.queue.c_str(), O_RDWR | O_CREAT, 0666, nullptr);
  check(queue >= 0, "a message queue");
  check(::fchmod(queue, 0666) == 0, "a message queue");
  ::mq_close(queue);

  m_target.shared_file = "/dev/shm" + m_target.queue;
  value_or_throw(write_file(m_target.shared_file, k_text));
  give(m_target.shared_file);

  m_target.memory_key = 0x636d0000 + (::getpid() & 0xffff);
  m_memory = ::shmget(m_target.memory_key, 4096, IPC_CREAT | 0666);
  check(m_memory >= 0, "shared memory");

  // A keyring of our own, which is inherited and goes with us. Without keys there is nothing to
  // find, and the plain process says so.
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  ::syscall(SYS_add_key, "user", "cni-matrix-hostile", "x", 1, KEY_SPEC_SESSION_KEYRING);
}

void Host::know_disk() {
  struct stat root {};
  check(::stat("/", &root) == 0, "/");
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string source;
    std::string point;
    std::string type;
    words >> source >> point >> type;
    struct stat device {};
    if (point == "/" && ::stat(source.c_str(), &device) == 0 && S_ISBLK(device.st_mode) &&
        device.st_rdev == root.st_dev) {
      m_target.disk = source;
      m_target.disk_type = type;
      m_target.disk_major = static_cast<int>(major(device.st_rdev));
      m_target.disk_minor = static_cast<int>(minor(device.st_rdev));
    }
  }
}

void Host::start_decoys() {
  put_hostile(folder() / "host/program");
  for (const auto* name : {"cni-matrix-work", "cni-matrix-init", "hostile-decoy"}) {
    m_decoys.push_back(value_or_throw(
        BackgroundProcess::start(as_user({(folder() / "host/program").string(), "decoy", name,
                                          (folder() / "host").string(), m_target.secret}),
                                 environment(), folder() / "decoys.log")));
  }
  for (const auto& decoy : m_decoys) {
    const auto comm = fmt::format("/proc/{}/comm", decoy.pid());
    for (int i = 0; i < 500 && read_file(comm).value_or("").find("setpriv") == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

fs::path Host::own_folder(const std::string& name) const {
  auto path = folder() / name;
  fs::create_directories(path);
  fs::permissions(path, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec |
                            fs::perms::group_read | fs::perms::others_read);
  give(path);
  return path;
}

fs::path Host::own_file(const std::string& name, const std::string& text, mode_t mode) const {
  auto path = folder() / name;
  value_or_throw(write_file(path, text));
  ::chmod(path.c_str(), mode);
  give(path);
  return path;
}

void Host::give(const fs::path& path) const {
  if (m_uid != ::geteuid()) {
    check(::lchown(path.c_str(), m_uid, m_uid) == 0, path.string());
  }
}

void Host::put_hostile(const fs::path& path, mode_t mode) const {
  fs::copy_file(CNI_MATRIX_HOSTILE, path);
  give(path);
  ::chmod(path.c_str(), mode);
}

Words Host::as_user(const Words& argv) const {
  Words words;
  if (m_uid != ::geteuid()) {
    words = {"setpriv", fmt::format("--reuid={}", m_uid), fmt::format("--regid={}", m_uid),
             "--clear-groups"};
  }
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

std::vector<std::string> Host::environment() const {
  return {"PATH=" + std::string(k_system_path),
          "LANG=C.UTF-8",
          "HOME=" + (folder() / "home").string(),
          "TMPDIR=" + (folder() / "tmp").string(),
          "CNI_MATRIX_CACHE=" + (folder() / "cache").string(),
          "HOSTILE_SECRET=" + m_target.secret};
}

CommandResult Host::run(const Words& argv) const {
  CommandOptions options;
  options.timeout = std::chrono::minutes(4);
  options.environment = environment();
  return value_or_throw(run_program(as_user(argv), options));
}

std::string Host::in_plain_process() const {
  const auto file = own_file("out/target.json", nlohmann::json(m_target).dump());
  const auto result = run({(folder() / "plugins/hostile").string(), "plain", file.string()});
  if (!result.ok()) {
    throw std::runtime_error(result.err);
  }
  return result.out;
}

Words Host::run_words(const std::string& deed, const Words& more) const {
  const nlohmann::json conflist = {
      {"cniVersion", "1.0.0"},
      {"name", "hostile"},
      {"plugins",
       {{{"type", "hostile"}, {"hostile", {{"do", deed}, {"target", nlohmann::json(m_target)}}}}}}};
  const auto file = own_file("out/" + deed + ".conflist", conflist.dump());
  Words words = {CNI_MATRIX_PROGRAM, "run",
                 "--plugins",        "dir:" + m_target.plugins + "@1.0.0",
                 "--conflist",       file.string(),
                 "--scenario",       "lifecycle",
                 "--mirror",         "https://user:" + m_target.secret + "@127.0.0.1:9",
                 "--json",           (folder() / "out/run.json").string()};
  if (std::find(more.begin(), more.end(), "--containerd") == more.end()) {
    words.insert(words.end(), {"--containerd", "1.6.20", "--runtime", "embedded"});
  }
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

nlohmann::json Host::run_plugin(const std::string& deed, const Words& more,
                                CommandResult* result) const {
  std::error_code error;
  fs::remove(folder() / "out/run.json", error);
  const auto said = run(run_words(deed, more));
  if (result != nullptr) {
    *result = said;
  }
  return nlohmann::json::parse(read_file(folder() / "out/run.json").value_or(""), nullptr, false);
}

std::string Host::changes() const {
  std::string changes;
  for (const auto& file : {m_target.file, m_target.shared_file}) {
    if (read_file(file).value_or("") != k_text) {
      changes += file + " has changed; ";
    }
  }
  for (const auto* name : {"host/file.made", "plugins/hostile-made"}) {
    if (fs::exists(folder() / name)) {
      changes += std::string(name) + " was made; ";
    }
  }
  return changes;
}

std::string said_on_add(const nlohmann::json& cell) {
  for (const auto& call : cell.value("trace", nlohmann::json::array())) {
    if (call.value("plugin", "") == "hostile" && call.value("command", "") == "ADD") {
      return call.value("error_output", "");
    }
  }
  return {};
}

bool has_privileged() {
  const auto help = run_program({CNI_MATRIX_PROGRAM, "run", "--help"});
  return help && help->out.find("--privileged") != std::string::npos;
}

std::optional<std::string> cannot_be(const std::string& user) {
  if (user == "root" && ::geteuid() != 0) {
    return "only root can run as root";
  }
  if (const auto privileges = node::check_privileges(); !privileges) {
    return privileges.error().message;
  }
  return std::nullopt;
}

}  // namespace cni_matrix::hostile_tests
