// What holds a node's foreign programs: what each of them sees and may do.

#include "in_node_text.hpp"

#include "base/apart.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string foreign(const std::vector<std::string>& argv) {
  CommandOptions options;
  options.foreign = true;
  const auto result = run_program(argv, options);
  return result ? result->out + result->err : result.error().message;
}

std::string shell(const std::string& script) {
  return foreign({"/bin/sh", "-c", script});
}

class Walls : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }

  static bool is_root() { return ::geteuid() == 0; }
};

TEST_F(Walls, ForeignProgramsSeeOnlyTheirLike) {
  const auto seen = in_node([] { return shell("cat /proc/[0-9]*/comm"); });
  EXPECT_THAT(seen, HasSubstr("cni-matrix-reap\n"));
  EXPECT_THAT(seen, AllOf(Not(HasSubstr("cni-matrix-init")), Not(HasSubstr("cni-matrix-work"))));
}

TEST_F(Walls, AForeignProgramThatKillsAllKillsItsLike) {
  EXPECT_EQ(in_node([] {
              shell("kill -9 -1");
              return std::string("the worker lives");
            }),
            "the worker lives");
}

TEST_F(Walls, NothingOfTheCallerIsInTheNode) {
  ::setenv("CNI_MATRIX_TEST_TOKEN", "swordfish", 1);
  // Only a program's own start puts variables where /proc shows them.
  if (read_file("/proc/self/environ").value_or("").find("swordfish") == std::string::npos) {
    std::vector<char*> argv;
    ::setenv("GTEST_FILTER", "Walls.NothingOfTheCallerIsInTheNode", 1);
    std::string self = "/proc/self/exe";
    argv = {self.data(), nullptr};
    const pid_t child = ::fork();
    if (child == 0) {
      ::execv(self.c_str(), argv.data());
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::unsetenv("GTEST_FILTER");
    EXPECT_EQ(status, 0);
    return;
  }
  EXPECT_THAT(in_node([] {
                // Of every process, the worker and init too.
                return command({"/bin/sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline"}) +
                       shell("cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline");
              }),
              AllOf(Not(HasSubstr("swordfish")), Not(HasSubstr("integration_node"))));
}

TEST_F(Walls, WhatIsReadOnlyStaysSo) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  value_or_throw(write_file(directory.path() / "f", "as it was"));
  fs::permissions(directory.path(), fs::perms::all);
  fs::permissions(directory.path() / "f", fs::perms::all);
  NodeOptions options;
  options.binds = {{directory.path(), "/opt/stacks/0"}};
  const auto said = in_node(
      [] {
        return shell(
            "mount -o remount,bind,rw /opt/stacks/0; umount /opt/stacks/0; "
            "mkdir /tmp/x; mount --bind /opt/stacks/0 /tmp/x && mount -o remount,bind,rw /tmp/x; "
            "echo changed > /opt/stacks/0/f; echo changed > /tmp/x/f; "
            "mv /lib64 /lib65; mv /etc /etd; rm /etc/ld.so.preload; ls -d /lib64 /etc");
      },
      options);
  EXPECT_THAT(said, HasSubstr("/etc\n/lib64\n"));
  EXPECT_EQ(value_or_throw(read_file(directory.path() / "f")), "as it was");
}

// Over /usr and /etc a foreign program may put for itself and its like what it wants.
TEST_F(Walls, OurProgramsAreNotReplaced) {
  EXPECT_EQ(in_node([] {
              shell(
                  "mkdir /tmp/b; cp /usr/bin/true /tmp/b/hostname; mount --bind /tmp/b /usr/bin; "
                  "mount -t tmpfs tmpfs /etc");
              return command({"/usr/bin/hostname"}) + command({"ls", "/etc/cni"});
            }),
            "node\nnet.d\n");
}

TEST_F(Walls, WhatScenariosMountIsSeenByForeignPrograms) {
  EXPECT_EQ(in_node([] {
              ::mount("tmpfs", "/usr/local/sbin", "tmpfs", 0, nullptr);
              value_or_throw(write_file("/usr/local/sbin/x", "x"));
              shell("ip netns add cni-1");
              return shell("ls /usr/local/sbin") + command({"ip", "netns", "list"});
            }),
            "x\ncni-1\n");
}

TEST_F(Walls, NumbersOfProcessesAreTranslated) {
  EXPECT_EQ(in_node([] {
              auto sleeper = value_or_throw(BackgroundProcess::start(
                  {"/bin/sleep", "60"}, fixed_environment(), "/run/cni-matrix/logs/sleep"));
              const auto theirs = value_or_throw(pid_as_seen_apart(sleeper.pid()));
              const auto name = shell(fmt::format("cat /proc/{}/comm", theirs));
              return name + (pid_seen_apart_as(theirs) == sleeper.pid() ? "the same" : "another");
            }),
            "sleep\nthe same");
}

TEST_F(Walls, ABindOfTheCallersOwnIsReadable) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  fs::copy_file("/bin/true", directory.path() / "program");
  for (const auto& path : {directory.path() / "program", directory.path()}) {
    ::chmod(path.c_str(), 0700);
  }
  NodeOptions options;
  options.binds = {{directory.path(), "/opt/stacks/0"}};
  EXPECT_EQ(in_node([] { return shell("/opt/stacks/0/program && echo ran"); }, options), "ran\n");
}

TEST_F(Walls, AFileOfOursIsOutOfReach) {
  NodeOptions options;
  options.files = {{"/opt/stacks/ours/secret", "swordfish", 0111}};
  const auto said = in_node(
      [] {
        return shell(
            "cat /opt/stacks/ours/secret; chmod 777 /opt/stacks/ours/secret; "
            "rm -f /opt/stacks/ours/secret; ls /opt/stacks/ours");
      },
      options);
  EXPECT_THAT(said, AllOf(HasSubstr("secret\n"), HasSubstr("Read-only file system")));
  if (is_root()) {
    EXPECT_THAT(said, Not(HasSubstr("swordfish")));
  }
}

// The session keyring is inherited, and holds keys that its possessors may use whatever their ids.
TEST_F(Walls, TheCallersKeysStayOutside) {
  constexpr const char* k_name = "cni-matrix-test";
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  const auto key = ::syscall(SYS_add_key, "user", k_name, "swordfish", 9, KEY_SPEC_SESSION_KEYRING);
  if (key < 0) {
    GTEST_SKIP() << "this kernel has no keys for us";
  }
  const auto search = [&] {
    return ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", k_name, 0);
  };
  EXPECT_EQ(search(), key);
  EXPECT_EQ(in_node([&] { return std::string(search() < 0 ? "none" : "found"); }), "none");
}

TEST_F(Walls, AForbiddenCallIsNamed) {
  NodeOptions options;
  options.tell_denied = true;
  const auto said = in_node([] { return foreign({"/sbin/swapoff", "/nowhere"}); }, options);
  EXPECT_THAT(said, HasSubstr("\n?swapoff (CAP_SYS_ADMIN) by swapoff"));
}

TEST_F(Walls, ThePrivilegedAreHeldByNamespacesAlone) {
  if (!is_root()) {
    GTEST_SKIP() << "only root can be privileged";
  }
  NodeOptions options;
  options.privileged = true;
  EXPECT_THAT(in_node([] { return shell("cat /proc/self/uid_map /proc/[0-9]*/comm"); }, options),
              AllOf(HasSubstr("4294967295"), Not(HasSubstr("cni-matrix-work"))));
  EXPECT_EQ(value_or_throw(check_privileges(true)), "root, privileged");
}

// Runs `work` in a process that has chosen no ids yet.
std::string in_new_process(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto text = work();
    ::_exit(::write(ends[1], text.data(), text.size()) >= 0 ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

// A folder, which may be a mount, with what a node takes of the host.
std::string in_chroot(bool is_mount, const std::function<std::string()>& work) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  return in_new_process([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return std::string("cannot prepare");
    }
    const auto* root = directory.path().c_str();
    if (is_mount && ::mount(root, root, nullptr, MS_BIND, nullptr) != 0) {
      return std::string("cannot mount it");
    }
    for (const auto* name :
         {"bin", "sbin", "lib", "lib64", "usr", "etc", "dev", "proc", "sys", "tmp"}) {
      const auto place = directory.path() / name;
      fs::create_directories(place);
      ::mount((fs::path("/") / name).c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr);
    }
    if (::chroot(root) != 0 || ::chdir("/") != 0) {
      return std::string("cannot chroot");
    }
    return work();
  });
}

TEST_F(Walls, RootsNodesStandInAChrootToo) {
  if (!is_root()) {
    GTEST_SKIP() << "only root can make a chroot";
  }
  for (const bool privileged : {false, true}) {
    for (const bool is_mount : {false, true}) {
      NodeOptions options;
      options.privileged = privileged;
      const auto seen = in_chroot(is_mount, [&] {
        return in_node([] { return shell("ls /etc/cni; hostname"); }, options);
      });
      EXPECT_EQ(seen, "net.d\nnode\n") << privileged << is_mount;
    }
  }
}

}  // namespace
}  // namespace cni_matrix::node
