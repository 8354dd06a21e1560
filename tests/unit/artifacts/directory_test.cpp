#include "artifacts/catalog.hpp"
#include "base/digest.hpp"
#include "base/file.hpp"

#include <gmock/gmock.h>

#include <elf.h>

#include <artifacts/directory.hpp>
#include <artifacts/executable.hpp>

namespace cni_matrix::artifacts {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

std::string elf_header(unsigned machine) {
  std::string text(64, '\0');
  text.replace(0, 4, ELFMAG, 4);
  text[EI_CLASS] = ELFCLASS64;
  text[EI_DATA] = ELFDATA2LSB;
  text[18] = static_cast<char>(machine & 0xffU);
  text[19] = static_cast<char>(machine >> 8U);
  return text;
}

unsigned foreign_machine() {
  return host_architecture() == "arm64" ? EM_X86_64 : EM_AARCH64;
}

// The binaries of these tests are the tests' own scripts: they may run where we do.
Expected<CommandResult> run_here(const std::vector<std::string>& argv, const fs::path& directory,
                                 std::chrono::milliseconds limit) {
  auto words = argv;
  words[0] = (directory / words[0]).string();
  CommandOptions options;
  options.timeout = limit;
  return run_program(words, options);
}

class DirectoryTest : public testing::Test {
 protected:
  void add(const std::string& name, std::string_view text, bool executable = true) {
    ASSERT_TRUE(write_file(m_bin / name, text));
    fs::permissions(m_bin / name, fs::perms(executable ? 0755 : 0644));
  }
  Expected<Artifact> take(Component component = Component::plugins,
                          std::optional<Version> version = Version{1, 1, 1, ""}) {
    DirectoryOptions options;
    options.memory = m_memory;
    options.sandbox = m_sandbox;
    options.trust_label = m_trust_label;
    return directory_artifact(component, m_bin, version, "dir:BIN", options);
  }
  void expect_refused(const Expected<Artifact>& artifact, const std::string& reason) {
    ASSERT_FALSE(artifact);
    EXPECT_EQ(artifact.error().kind, ErrorKind::input);
    EXPECT_THAT(artifact.error().message, HasSubstr("dir:BIN"));
    EXPECT_THAT(artifact.error().message, HasSubstr(reason));
  }
  DirectoryTest() { fs::create_directory(m_bin); }
  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  fs::path m_bin = fs::canonical(m_directory.path()) / "bin";
  fs::path m_memory = m_directory.path() / "memory.json";
  int m_runs = 0;
  Sandbox m_sandbox = [this](const auto& argv, const auto& directory, auto limit) {
    ++m_runs;
    return run_here(argv, directory, limit);
  };
  bool m_trust_label = false;
};

constexpr std::string_view k_plugin = "#!/bin/sh\necho 'CNI bridge plugin v1.1.1' >&2\n";

TEST_F(DirectoryTest, TakesTheUsersBinaries) {
  add("bridge", k_plugin);
  add("mine", "#!/bin/sh\nexit 1\n");
  add("README.md", "text", false);
  const auto artifact = take();
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->provider, "directory");
  EXPECT_EQ(artifact->directory, m_bin);
  EXPECT_EQ(artifact->sha256, "");
  EXPECT_EQ(artifact->binaries.size(), 2U);
  EXPECT_EQ(artifact->binaries.at("bridge"), sha256(k_plugin));
  EXPECT_EQ(artifact->version.str(), "1.1.1");
}

TEST_F(DirectoryTest, AsksTheBinariesForTheirVersion) {
  add("bridge", k_plugin);
  const auto artifact = take(Component::plugins, std::nullopt);
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->version.str(), "1.1.1");
}

TEST_F(DirectoryTest, WithoutAVersionItSaysHowToGiveOne) {
  add("mine", "#!/bin/sh\n");
  expect_refused(take(Component::plugins, std::nullopt), "do not tell their version; add it: dir:");
}

TEST_F(DirectoryTest, SeesAChangedBinary) {
  add("bridge", k_plugin);
  ASSERT_TRUE(take());
  ASSERT_TRUE(fs::exists(m_memory));
  const auto changed = std::string(k_plugin) + "# changed\n";
  add("bridge", changed);
  const auto artifact = take();
  ASSERT_TRUE(artifact);
  EXPECT_EQ(artifact->binaries.at("bridge"), sha256(changed));
}

TEST_F(DirectoryTest, SurvivesADamagedMemory) {
  add("bridge", k_plugin);
  for (const char* text : {"[]", "{", "null", R"({"stamps": 1, "digests": 2})"}) {
    ASSERT_TRUE(write_file(m_memory, text));
    const auto artifact = take();
    ASSERT_TRUE(artifact) << text;
    EXPECT_EQ(artifact->binaries.at("bridge"), sha256(k_plugin)) << text;
  }
}

TEST_F(DirectoryTest, RefusesALabelThatTheBinaryContradicts) {
  add("bridge", k_plugin);
  const auto artifact = take(Component::plugins, Version{1, 1, 0, ""});
  expect_refused(artifact, "the label says 1.1.0, and bridge there says that it is 1.1.1");
  expect_refused(artifact, "--trust-label");
  m_trust_label = true;
  const auto trusted = take(Component::plugins, Version{1, 1, 0, ""});
  ASSERT_TRUE(trusted) << trusted.error().message;
  EXPECT_EQ(trusted->version.str(), "1.1.0");
  EXPECT_TRUE(trusted->as_labelled);
  EXPECT_EQ(trusted->told_version, "1.1.1");
}

TEST_F(DirectoryTest, WhatFollowsTheThreeNumbersIsNoContradiction) {
  for (const char* says : {"v1.1.1", "v1.1.1+ds1", "1.1.1-7-gabcdef", "v1.1.1-rc.2", "1.1.1~rc1"}) {
    add("bridge", fmt::format("#!/bin/sh\necho 'CNI bridge plugin {}'\n", says));
    const auto artifact = take();
    ASSERT_TRUE(artifact) << artifact.error().message;
    EXPECT_FALSE(artifact->as_labelled) << says;
  }
}

TEST_F(DirectoryTest, SilenceIsNoContradictionAndIsTold) {
  add("bridge", "#!/bin/sh\necho 'CNI bridge plugin version unknown'\n");
  const auto artifact = take();
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->version.str(), "1.1.1");
  EXPECT_TRUE(artifact->as_labelled);
  EXPECT_EQ(artifact->told_version, "");
}

TEST_F(DirectoryTest, AnExecutableIsAskedOnce) {
  add("bridge", k_plugin);
  ASSERT_TRUE(take());
  ASSERT_TRUE(take(Component::plugins, std::nullopt));
  EXPECT_EQ(m_runs, 1);
  fs::remove(m_memory);  // of stamps; what it said is known by its digest
  ASSERT_TRUE(take(Component::plugins, std::nullopt));
  EXPECT_EQ(m_runs, 1);
  add("bridge", std::string(k_plugin) + "# changed\n");
  ASSERT_TRUE(take());
  EXPECT_EQ(m_runs, 2);
}

TEST_F(DirectoryTest, ThatItDoesNotRunIsRememberedToo) {
  add("bridge", "#!/bin/sh\nkill -9 $$\n");
  for (int i = 0; i < 2; ++i) {
    const auto artifact = take();
    ASSERT_FALSE(artifact);
    EXPECT_EQ(artifact.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(artifact.error().message, HasSubstr("signal 9 ended it"));
  }
  EXPECT_EQ(m_runs, 1);
}

TEST_F(DirectoryTest, WithoutANodeNothingIsRun) {
  const auto trace = m_directory.path() / "ran";
  add("bridge", fmt::format("#!/bin/sh\ntouch {}\n", trace.string()));
  for (const Sandbox& sandbox :
       {Sandbox(), Sandbox([](const auto&, const auto&, auto) -> Expected<CommandResult> {
          return unavailable("no namespaces here");
        })}) {
    m_sandbox = sandbox;
    expect_refused(take(Component::plugins, std::nullopt), "they were not asked: no n");
    const auto labelled = take();
    ASSERT_TRUE(labelled) << labelled.error().message;
    EXPECT_TRUE(labelled->as_labelled);
  }
  EXPECT_FALSE(fs::exists(trace));
}

TEST_F(DirectoryTest, RefusesAMissingDirectory) {
  fs::remove_all(m_bin);
  expect_refused(take(), "there is no directory");
}

TEST_F(DirectoryTest, RefusesADirectoryWithoutPlugins) {
  expect_refused(take(), "holds no CNI plugins");
}

TEST_F(DirectoryTest, RefusesNonExecutables) {
  add("bridge", k_plugin, false);
  expect_refused(take(), "none of the 1 files there can be executed; run chmod +x on them");
}

TEST_F(DirectoryTest, RefusesTextMarkedExecutable) {
  add("bridge", "just text", true);
  expect_refused(take(), "bridge is neither an ELF executable nor a script");
}

TEST_F(DirectoryTest, RefusesAnotherArchitecture) {
  add("bridge", elf_header(foreign_machine()));
  const auto other = host_architecture() == "arm64" ? "amd64" : "arm64";
  expect_refused(take(), fmt::format("bridge is a binary for {}, and this machine is {}", other,
                                     host_architecture()));
}

TEST_F(DirectoryTest, RefusesAnIncompleteContainerd) {
  add("containerd", "#!/bin/sh\n");
  add("ctr", "#!/bin/sh\n");
  expect_refused(take(Component::containerd), "containerd-shim-runc-v2 is missing");
}

TEST(ExecutableTest, ReadsVersions) {
  const auto text = [](Component component, std::string_view output) {
    const auto version = version_in(component, output);
    return version ? version->str() : "none";
  };
  EXPECT_EQ(text(Component::containerd,
                 "containerd github.com/containerd/containerd v1.6.2 de8046a5501db9e0\n"),
            "1.6.2");
  EXPECT_EQ(text(Component::containerd,
                 "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n"),
            "1.6.20");
  EXPECT_EQ(text(Component::containerd,
                 "containerd github.com/containerd/containerd/v2 2.1.9+unknown \n"),
            "2.1.9");
  EXPECT_EQ(text(Component::runc, "runc version 1.1.5+ds1\ncommit: x\n"), "1.1.5");
  EXPECT_EQ(text(Component::runc, "runc version 1.0.0~rc93+ds1\n"), "1.0.0-rc93");
  EXPECT_EQ(text(Component::plugins, "CNI bridge plugin v1.1.1\n"), "1.1.1");
  EXPECT_EQ(text(Component::plugins, "CNI loopback plugin version unknown\n"), "none");
}

TEST(ExecutableTest, ALibraryThatIsTooOldIsTheReason) {
  const auto directory = *TemporaryDirectory::create();
  const auto file = directory.path() / "runc";
  ASSERT_TRUE(write_file(file,
                         "#!/bin/sh\n"
                         "echo \"runc: /lib/libc.so.6: version \\`GLIBC_2.34' not found\" >&2\n"
                         "echo \"runc: /lib/libc.so.6: version \\`GLIBC_2.38' not found\" >&2\n"
                         "exit 1\n"));
  fs::permissions(file, fs::perms(0755));
  const auto version =
      probe(Component::runc, directory.path(), {{"runc", ""}}, "runc.deb", run_here);
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(version.error().message, HasSubstr("it needs GLIBC_2.38"));
  EXPECT_THAT(version.error().message, HasSubstr("the host's own runc"));
}

}  // namespace
}  // namespace cni_matrix::artifacts
