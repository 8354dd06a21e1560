// /proc/sys, /sys and the other files by which the kernel of the host is told something. What the
// kernel keeps for each namespace is not here: that is a node's own.

#include "tools.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostile {
namespace {

Outcome core_pattern(const Target&) {
  return write_back("/proc/sys/kernel/core_pattern");
}

Outcome modprobe(const Target&) {
  return write_back("/proc/sys/kernel/modprobe");
}

Outcome panic(const Target&) {
  return write_back("/proc/sys/kernel/panic");
}

Outcome sysrq(const Target&) {
  return write_back("/proc/sys/kernel/sysrq");
}

Outcome file_max(const Target&) {
  return write_back("/proc/sys/fs/file-max");
}

Outcome suid_dumpable(const Target&) {
  return write_back("/proc/sys/fs/suid_dumpable");
}

Outcome swappiness(const Target&) {
  return write_back("/proc/sys/vm/swappiness");
}

// 0, which stands there until it was first used, is no value that may be written.
Outcome drop_caches(const Target&) {
  return open_and_close("/proc/sys/vm/drop_caches", O_WRONLY);
}

Outcome remount_proc(const Target&) {
  ::mount(nullptr, "/proc", nullptr, MS_REMOUNT | MS_BIND, nullptr);
  return write_back("/proc/sys/kernel/core_pattern");
}

template <typename Function>
Outcome in_fresh_mount(const char* kind, const Function& function) {
  const auto folder = empty_folder();
  if (folder.empty()) {
    return refused(EACCES, "no folder");
  }
  const bool mounted = ::mount(kind, folder.c_str(), kind, 0, nullptr) == 0;
  auto outcome = mounted ? function(folder) : refused(errno, "mount");
  if (mounted) {
    ::umount2(folder.c_str(), MNT_DETACH);
  }
  ::rmdir(folder.c_str());
  return outcome;
}

Outcome fresh_proc(const Target&) {
  return in_fresh_mount("proc", [](const std::string& proc) {
    return write_back(proc + "/sys/kernel/core_pattern");
  });
}

Outcome sysrq_trigger(const Target&) {
  return open_and_close("/proc/sysrq-trigger", O_WRONLY);
}

Outcome kcore(const Target&) {
  return open_and_close("/proc/kcore", O_RDONLY);
}

Outcome kernel_messages(const Target&) {
  return open_and_close("/proc/kmsg", O_RDONLY | O_NONBLOCK);
}

// "always [madvise] never": the word in brackets is the value.
Outcome huge_pages_of(const std::string& sys) {
  const auto path = sys + "/kernel/mm/transparent_hugepage/enabled";
  const auto text = read_text(path);
  const auto begin = text.find('[');
  const auto end = text.find(']');
  if (begin == std::string::npos || end == std::string::npos) {
    return not_applicable("the kernel has no transparent huge pages");
  }
  return write_back(path, text.substr(begin + 1, end - begin - 1));
}

Outcome huge_pages(const Target&) {
  return huge_pages_of("/sys");
}

Outcome remount_sys(const Target&) {
  for (const auto& point : mount_points_below("/sys")) {
    make_writable(point);
  }
  return huge_pages_of("/sys");
}

Outcome fresh_sys(const Target&) {
  return in_fresh_mount("sysfs", huge_pages_of);
}

Outcome module_parameter(const Target&) {
  make_writable("/sys");
  Outcome outcome = not_applicable("no module has a parameter that may be written");
  for (const auto* name :
       {"printk/parameters/time", "block/parameters/events_dfl_poll_msecs",
        "rcupdate/parameters/rcu_cpu_stall_timeout", "tcp_cubic/parameters/beta"}) {
    const auto path = std::string("/sys/module/") + name;
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 0200) != 0) {
      outcome = write_back(path);
      if (outcome.kind == Outcome::Kind::reached) {
        break;
      }
    }
  }
  return outcome;
}

Outcome make_cgroup_below(const std::string& folder) {
  const auto path = folder + "/cni-matrix-hostile";
  if (::mkdir(path.c_str(), 0755) != 0) {
    return refused(errno, path);
  }
  ::rmdir(path.c_str());
  return reached(path);
}

Outcome standing_cgroup(const Target&) {
  Outcome outcome = not_applicable("no cgroup file system is seen");
  for (const auto& point : mount_points_below("/sys/fs/cgroup")) {
    make_writable(point);
    if (::access((point + "/cgroup.procs").c_str(), F_OK) == 0) {
      outcome = make_cgroup_below(point);
      if (outcome.kind == Outcome::Kind::reached) {
        return outcome;
      }
    }
  }
  return outcome;
}

Outcome fresh_cgroup(const Target&) {
  return in_fresh_mount("cgroup2", make_cgroup_below);
}

}  // namespace

std::vector<Attempt> attempts_on_kernel_files() {
  constexpr auto k_area = "kernel files";
  return {{k_area, "write back kernel.core_pattern", core_pattern},
          {k_area, "write back kernel.modprobe", modprobe},
          {k_area, "write back kernel.panic", panic},
          {k_area, "write back kernel.sysrq", sysrq},
          {k_area, "write back fs.file-max", file_max},
          {k_area, "write back fs.suid_dumpable", suid_dumpable},
          {k_area, "write back vm.swappiness", swappiness},
          {k_area, "open vm.drop_caches for writing", drop_caches},
          {k_area, "remount /proc, write back core_pattern", remount_proc},
          {k_area, "mount proc anew, write back core_pattern", fresh_proc},
          {k_area, "open /proc/sysrq-trigger for writing", sysrq_trigger},
          {k_area, "open /proc/kcore", kcore},
          {k_area, "open /proc/kmsg", kernel_messages},
          {k_area, "write back /sys/.../transparent_hugepage", huge_pages},
          {k_area, "remount /sys, write back the same", remount_sys},
          {k_area, "mount sysfs anew, write back the same", fresh_sys},
          {k_area, "write back a module's parameter", module_parameter},
          {k_area, "remount /sys/fs/cgroup, make a cgroup", standing_cgroup},
          {k_area, "mount cgroup2 anew, make a cgroup", fresh_cgroup}};
}

}  // namespace hostile
