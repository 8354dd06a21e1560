#include "configuration_watch.hpp"

#include <cstddef>

#include <sys/inotify.h>

namespace cni_matrix::embedded {

Expected<ConfigurationWatch> ConfigurationWatch::open(const std::filesystem::path& directory) {
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    return system_error("inotify_init1");
  }
  constexpr unsigned k_mask = IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF;
  if (::inotify_add_watch(inotify.get(), directory.c_str(), k_mask) < 0) {
    return system_error("watch " + directory.string());
  }
  return ConfigurationWatch(std::move(inotify));
}

ConfigurationWatch::Seen ConfigurationWatch::take() {
  Seen seen;
  alignas(inotify_event) char buffer[4096];
  for (;;) {
    const ssize_t size = ::read(m_inotify.get(), buffer, sizeof buffer);
    if (size <= 0) {
      return seen;
    }
    for (std::size_t offset = 0; offset < static_cast<std::size_t>(size);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + offset);
      if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
        seen.directory_removed = true;
      }
      if ((event->mask & IN_IGNORED) == 0) {
        seen.change = true;
      }
      offset += sizeof(inotify_event) + event->len;
    }
  }
}

}  // namespace cni_matrix::embedded
