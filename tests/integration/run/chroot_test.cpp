// In a chroot that has /sys, and not what is mounted in it.

#include "program_test.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

namespace cni_matrix {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::in_shell;
using testing_support::last_line;
using testing_support::ProgramTest;
using testing_support::Words;

class Chroot : public ProgramTest {};

TEST_F(Chroot, WithoutCgroupsTheDaemonsCellsAreSkipped) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make a chroot";
  }
  std::filesystem::create_directory(path("root"));
  const auto in_chroot = fmt::format(
      "exec unshare --mount --propagation private sh -c 'mount --rbind / {0} && "
      "mount --make-rprivate {0} && umount --lazy --recursive {0}/sys && "
      "mount --bind /sys {0}/sys && exec chroot {0} \"$@\"' sh \"$@\"",
      path("root"));
  const Words daemon = {"run",       "--containerd",    "debian:bookworm", "--runtime", "daemon",
                        "--plugins", "debian:bookworm", "--cni-version",   "1.0.0"};
  const auto result = in_shell(daemon, in_chroot);
  EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("no cgroup file system is mounted below /sys"),
                                HasSubstr("mount --rbind /sys")));
  EXPECT_THAT(last_line(result.out), HasSubstr("exit 4: "));
}

}  // namespace
}  // namespace cni_matrix
