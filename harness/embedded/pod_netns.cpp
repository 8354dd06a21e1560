#include "pod_netns.hpp"

#include "cni/random_id.hpp"
#include <cni_matrix/base/fd.hpp>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace cni_matrix::embedded {
namespace {

// The text of an errno as Go prints it: in lower case.
std::string go_errno(int number) {
  std::string text = std::strerror(number);
  if (!text.empty()) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

// 8-4-4-4-12 hexadecimal digits.
std::string uuid() {
  std::string text = cni::random_hex(16);
  for (const std::size_t position : {8U, 13U, 18U, 23U}) {
    text.insert(position, "-");
  }
  return text;
}

}  // namespace

Expected<std::string> create_netns(const std::filesystem::path& directory) {
  constexpr std::string_view k_prefix = "failed to setup netns: ";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return broken("{}mkdir {}: {}", k_prefix, directory.string(), go_errno(error.value()));
  }
  const std::string path = directory / ("cni-" + uuid());
  Fd mount_point(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!mount_point) {
    return broken("{}open {}: {}", k_prefix, path, go_errno(errno));
  }
  mount_point.reset();

  // unshare() is for the calling thread only, so a thread of its own leaves the others where they
  // are.
  std::string failure;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      failure = go_errno(errno);
    } else if (::mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr) != 0) {
      failure = "failed to bind mount ns at " + path + ": " + go_errno(errno);
    }
  }).join();
  if (!failure.empty()) {
    std::filesystem::remove(path, error);
    return broken("{}failed to create namespace: {}", k_prefix, failure);
  }
  return path;
}

Expected<bool> netns_closed(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return true;
    }
    return broken("get netns fd: failed to Statfs \"{}\": {}", path, go_errno(errno));
  }
  if (status.f_type == NSFS_MAGIC || status.f_type == PROC_SUPER_MAGIC) {
    return false;
  }
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) {
    return broken("remove netns: unlinkat {}: {}", path, go_errno(error.value()));
  }
  return true;
}

Expected<void> remove_netns(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return {};
    }
    return broken("failed to stat netns: stat {}: {}", path, go_errno(errno));
  }
  // What is no mount any more (EINVAL) is not an error to containerd either.
  if (::umount2(path.c_str(), MNT_DETACH) != 0 && errno != ENOENT && errno != EINVAL) {
    return broken("failed to umount netns: {}", go_errno(errno));
  }
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) {
    return broken("failed to remove netns: unlinkat {}: {}", path, go_errno(error.value()));
  }
  return {};
}

Expected<void> bring_up_loopback(const std::string& path) {
  int failure = 0;
  std::thread([&] {
    const Fd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!netns || ::setns(netns.get(), CLONE_NEWNET) != 0) {
      failure = errno;
      return;
    }
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
      failure = errno;
      return;
    }
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    failure = ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
  }).join();
  if (failure != 0) {
    return broken("error setting loopback interface up: {}", go_errno(failure));
  }
  return {};
}

}  // namespace cni_matrix::embedded
