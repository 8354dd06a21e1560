#include <cni_matrix/artifacts/catalog.hpp>
#include <cni_matrix/base/digest.hpp>
#include <cni_matrix/base/file.hpp>

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

class DirectoryTest : public testing::Test {
 protected:
  void add(const std::string& name, std::string_view text, bool executable = true) {
    ASSERT_TRUE(write_file(m_bin / name, text));
    fs::permissions(m_bin / name, fs::perms(executable ? 0755 : 0644));
  }
  Expected<Artifact> take(Component component = Component::plugins,
                          std::optional<Version> version = Version{1, 1, 1, ""}) {
    return directory_artifact(component, m_bin, version, "dir:BIN", m_memory);
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
};

constexpr std::string_view k_plugin = "#!/bin/sh\necho 'CNI bridge plugin v0.9.1' >&2\n";

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
  EXPECT_EQ(artifact->version.str(), "0.9.1");
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
  const auto version = probe(Component::runc, directory.path(), {{"runc", ""}}, "runc.deb");
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(version.error().message, HasSubstr("it needs GLIBC_2.38"));
  EXPECT_THAT(version.error().message, HasSubstr("the host's own runc"));
}

}  // namespace
}  // namespace cni_matrix::artifacts
