// No foreign executable runs outside a node, not even to be asked for its version: it could write a
// file on the host, or leave a process there.

#include "host.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <charconv>

#include <signal.h>

namespace cni_matrix::hostile_tests {
namespace {

namespace fs = std::filesystem;

class Foreign : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto reason = cannot_be(GetParam())) {
      GTEST_SKIP() << *reason;
    }
    host.emplace(GetParam());
    mark = host->own_folder("marks") / "was-here";
  }

  // A folder of executables of these names, all of which act when they are started.
  [[nodiscard]] fs::path folder_of(const std::string& name, const Words& names) const {
    auto folder = host->own_folder(name);
    for (const auto& file : names) {
      host->put_hostile(folder / file);
    }
    static_cast<void>(host->own_file(name + "/at-start", mark.string()));
    return folder;
  }

  // Processes of the host that a started executable left; they are ended.
  [[nodiscard]] int left() const {
    int count = 0;
    std::error_code error;
    for (auto entry = fs::directory_iterator("/proc", error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const auto name = entry->path().filename().string();
      pid_t pid = 0;
      if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc() ||
          trim(read_file(entry->path() / "comm").value_or("")) != "hostile-left") {
        continue;
      }
      const auto executable = fs::read_symlink(entry->path() / "exe", error).string();
      error.clear();
      if (executable.starts_with(host->folder().string())) {
        ::kill(pid, SIGKILL);
        ++count;
      }
    }
    return count;
  }

  void expect_nothing_ran(const Words& words) const {
    Words argv = {CNI_MATRIX_PROGRAM};
    argv.insert(argv.end(), words.begin(), words.end());
    const auto said = host->run(argv);
    const auto what = fmt::format("{}\n{}{}", fmt::join(words, " "), said.out, said.err);
    EXPECT_FALSE(fs::exists(mark)) << what;
    EXPECT_EQ(left(), 0) << what;
    std::error_code error;
    fs::remove(mark, error);
  }

  std::optional<Host> host;
  fs::path mark;
};

TEST_P(Foreign, PluginsRunOnlyInNodes) {
  // No version is given, so it has to be found out.
  const auto plugins = "dir:" + folder_of("found", {"loopback", "bridge", "host-local"}).string();
  expect_nothing_ran({"run", "--containerd", "1.6.20", "--runtime", "embedded", "--plugins",
                      plugins, "--conflist", "bridge-portmap"});
  expect_nothing_ran({"fetch", "--plugins", plugins});
  expect_nothing_ran({"plan", "--containerd", "1.6.20", "--plugins", plugins});
  // And where one is given that might be checked.
  expect_nothing_ran({"run", "--containerd", "1.6.20", "--runtime", "embedded", "--plugins",
                      plugins + "@1.1.1", "--conflist", "bridge-portmap"});
}

TEST_P(Foreign, ContainerdRunsOnlyInNodes) {
  const auto containerd =
      "dir:" + folder_of("daemon", {"containerd", "containerd-shim-runc-v2", "ctr"}).string();
  const auto plugins = "dir:" + host->target().plugins + "@1.0.0";
  for (const auto& label : {std::string(), std::string("@1.6.20")}) {
    expect_nothing_ran({"run", "--containerd", containerd + label, "--plugins", plugins,
                        "--conflist", "bridge-portmap", "--step-timeout", "5"});
  }
  expect_nothing_ran({"fetch", "--containerd", containerd});
}

TEST_P(Foreign, RuncRunsOnlyInNodes) {
  const auto runc = "dir:" + folder_of("runc", {"runc"}).string();
  expect_nothing_ran({"fetch", "--runc", runc});
}

INSTANTIATE_TEST_SUITE_P(As, Foreign, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cni_matrix::hostile_tests
