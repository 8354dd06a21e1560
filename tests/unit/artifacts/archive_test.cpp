#include "archive_builder.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <artifacts/archive.hpp>

namespace cni_matrix::artifacts {
namespace {

using test::ArchiveBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() { std::filesystem::create_directory(m_out); }

  Expected<void> unpack_as(Component component, const ArchiveLimits& limits = {}) {
    return unpack(m_file, ArchiveKind::tar, release_selection(component), m_out, "x.tar.gz",
                  limits);
  }
  std::vector<std::string> unpacked() const {
    std::vector<std::string> names;
    for (const auto& item : std::filesystem::directory_iterator(m_out)) {
      names.push_back(item.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  void expect_refused(std::string_view reason) {
    const auto done = unpack_as(Component::containerd);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::input);
    EXPECT_THAT(done.error().message, HasSubstr("x.tar.gz is refused"));
    EXPECT_THAT(done.error().message, HasSubstr(std::string(reason)));
    // Only what was in its place before the hostile entry, and nothing outside.
    for (const auto& name : unpacked()) {
      EXPECT_EQ(name, "containerd");
    }
    EXPECT_FALSE(std::filesystem::exists(m_directory.path() / "evil"));
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  std::filesystem::path m_file = m_directory.path() / "x.tar.gz";
  std::filesystem::path m_out = m_directory.path() / "out";
};

TEST_F(ArchiveTest, TakesTheBinariesFlatAndReadOnly) {
  ArchiveBuilder(m_file)
      .directory("bin/")
      .file("bin/containerd", "one")
      .file("bin/ctr", "two")
      .file("bin/containerd-stress", "not wanted")
      .file("other/ctr", "elsewhere")
      .file("bin/containerd-shim-runc-v2", "three");
  const auto done = unpack_as(Component::containerd);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(unpacked(), ElementsAre("containerd", "containerd-shim-runc-v2", "ctr"));
  EXPECT_EQ(*read_file(m_out / "ctr"), "two");
  struct stat status {};
  ASSERT_EQ(::stat((m_out / "ctr").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0555U);
}

TEST_F(ArchiveTest, TakesEveryExecutablePlugin) {
  ArchiveBuilder(m_file)
      .directory("./")
      .file("./bridge", "b")
      .file("./README.md", "text", 0644)
      .symbolic_link("./alias", "bridge")
      .hard_link("./twin", "./bridge");
  const auto done = unpack_as(Component::plugins);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(unpacked(), ElementsAre("alias", "bridge", "twin"));
}

TEST_F(ArchiveTest, SetuidIsNotKept) {
  ArchiveBuilder(m_file).file("bridge", "b", 04755);
  ASSERT_TRUE(unpack_as(Component::plugins));
  struct stat status {};
  ASSERT_EQ(::stat((m_out / "bridge").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0555U);
}

// Latin-1 names, as old tar files have them.
TEST_F(ArchiveTest, RefusesNamesThatAreNoUtf8) {
  const std::string latin = "caf\xe9";
  ArchiveBuilder(m_file).file("bin/containerd", "x").file("bin/" + latin, "x");
  expect_refused("the name of entry \"bin/caf\\xe9\" is no UTF-8");
  ArchiveBuilder(m_file).file("bin/containerd", "x").symbolic_link("bin/ctr", latin);
  std::filesystem::remove(m_out / "containerd");
  expect_refused("is no UTF-8");
  ArchiveBuilder(m_file).file("bin/containerd", "x").hard_link("bin/ctr", "bin/" + latin);
  std::filesystem::remove(m_out / "containerd");
  EXPECT_FALSE(unpack_as(Component::containerd));
}

TEST_F(ArchiveTest, TakesNamesOfOtherAlphabets) {
  ArchiveBuilder(m_file).file(
      "br\xc3\xbc"
      "cke",
      "b");
  const auto done = unpack_as(Component::plugins);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(unpacked(), ElementsAre("br\xc3\xbc"
                                      "cke"));
}

// A file of `size` bytes with data in the first block only, `files` times.
void write_sparse(const std::filesystem::path& file, int files, la_int64_t size) {
  auto* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_pax(writer);
  archive_write_open_filename(writer, file.c_str());
  const std::string block(512, 'x');
  for (int i = 0; i < files; ++i) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, fmt::format("plugin{}", i).c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0755);
    archive_entry_set_size(entry, size);
    archive_entry_sparse_add_entry(entry, 0, 512);
    archive_write_header(writer, entry);
    archive_write_data(writer, block.data(), block.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
}

TEST_F(ArchiveTest, HolesCountAtTheEndOfFilesToo) {
  write_sparse(m_file, 5, 1'900'000'000);
  auto done = unpack_as(Component::plugins);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::input);
  EXPECT_THAT(done.error().message, HasSubstr("decompression bomb"));
  // Also in files that are not taken.
  write_sparse(m_file, 5, 1'900'000'000);
  done = unpack_as(Component::containerd);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("decompression bomb"));
}

TEST_F(ArchiveTest, CanBeStopped) {
  ArchiveBuilder(m_file).file("bridge", std::string(1'000'000, 'x'));
  int asked = 0;
  const auto done = unpack(m_file, ArchiveKind::tar, release_selection(Component::plugins), m_out,
                           "x.tar.gz", {}, [&] { return ++asked > 3; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::interrupted);
}

TEST_F(ArchiveTest, RefusesParentDirectory) {
  ArchiveBuilder(m_file).file("bin/containerd", "x").file("../evil", "x");
  expect_refused("entry \"../evil\" leads out of the archive");
}

TEST_F(ArchiveTest, RefusesParentDirectoryInTheMiddle) {
  ArchiveBuilder(m_file).file("bin/../../evil", "x");
  expect_refused("leads out of the archive");
}

TEST_F(ArchiveTest, RefusesAbsolutePath) {
  ArchiveBuilder(m_file).file("bin/containerd", "x").file("/tmp/evil", "x");
  expect_refused("entry \"/tmp/evil\" is an absolute path");
}

TEST_F(ArchiveTest, RefusesSymbolicLinkOut) {
  ArchiveBuilder(m_file).symbolic_link("bin/ctr", "../../etc/passwd");
  expect_refused("symbolic link \"bin/ctr\" to \"../../etc/passwd\" leads out of the archive");
}

TEST_F(ArchiveTest, RefusesAbsoluteSymbolicLink) {
  ArchiveBuilder(m_file).symbolic_link("bin/ctr", "/etc/passwd").file("bin/ctr", "x");
  expect_refused("symbolic link \"bin/ctr\" to \"/etc/passwd\" leads out of the archive");
}

TEST_F(ArchiveTest, RefusesHardLinkOut) {
  ArchiveBuilder(m_file).file("bin/containerd", "x").hard_link("bin/ctr", "../evil");
  expect_refused("hard link \"bin/ctr\" to \"../evil\" leads out of the archive");
}

TEST_F(ArchiveTest, RefusesDevice) {
  ArchiveBuilder(m_file).device("bin/ctr");
  expect_refused("entry \"bin/ctr\" is a device, pipe or socket");
}

TEST_F(ArchiveTest, RefusesADecompressionBomb) {
  ArchiveBuilder(m_file).file("bin/ctr", std::string(48U << 20U, '\0'));
  const auto done = unpack_as(Component::containerd);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("decompression bomb"));
  EXPECT_LT(std::filesystem::file_size(m_out / "ctr"), 20U << 20U);
}

TEST_F(ArchiveTest, RefusesABombInAnEntryThatIsNotTaken) {
  ArchiveBuilder(m_file).file("README", std::string(48U << 20U, '\0'), 0644);
  expect_refused("decompression bomb");
}

TEST_F(ArchiveTest, RefusesTooMuch) {
  ArchiveBuilder(m_file).file("bin/ctr", "0123456789").file("bin/containerd", "0123456789");
  ArchiveLimits limits;
  limits.bytes = 15;
  const auto done = unpack_as(Component::containerd, limits);
  ASSERT_FALSE(done);
  limits = {};
  limits.entries = 1;
  std::filesystem::remove(m_out / "ctr");
  std::filesystem::remove(m_out / "containerd");
  const auto many = unpack_as(Component::containerd, limits);
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error().message, HasSubstr("more than 1 entries"));
}

TEST_F(ArchiveTest, RefusesTheSameNameTwice) {
  ArchiveBuilder(m_file).file("bin/containerd", "one").file("bin/containerd", "two");
  expect_refused("\"containerd\" twice");
}

TEST_F(ArchiveTest, RefusesWhatIsNoArchive) {
  ASSERT_TRUE(write_file(m_file, "<html>not found</html>"));
  const auto done = unpack_as(Component::containerd);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("x.tar.gz is damaged or no archive"));
}

TEST_F(ArchiveTest, RefusesATruncatedArchive) {
  std::string noise;
  for (unsigned i = 0, x = 1; i < (1U << 16U); ++i) {
    x = x * 1664525U + 1013904223U;
    noise += static_cast<char>(x >> 24U);
  }
  { ArchiveBuilder(m_file).file("bin/containerd", noise); }
  std::filesystem::resize_file(m_file, std::filesystem::file_size(m_file) / 2);
  const auto done = unpack_as(Component::containerd);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("damaged"));
}

TEST_F(ArchiveTest, ReadsADebianPackage) {
  const auto data = m_directory.path() / "data.tar.gz";
  {
    ArchiveBuilder(data)
        .file("./usr/lib/cni/bridge", "b")
        .symbolic_link("./usr/share/doc/x", "/usr/share/common")  // stays in the package's tree
        .file("./usr/bin/other", "x");
  }
  const auto content = *read_file(data);
  const auto member = [](std::string name, std::string_view body) {
    auto text =
        fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, 100644, body.size());
    text += body;
    return body.size() % 2 == 0 ? text : text + "\n";
  };
  ASSERT_TRUE(write_file(m_file, "!<arch>\n" + member("debian-binary", "2.0\n") +
                                     member("control.tar.xz", "ignored") +
                                     member("data.tar.gz", content)));
  const auto done = unpack(m_file, ArchiveKind::debian_package,
                           debian_selection(Component::plugins), m_out, "x.deb");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(unpacked(), ElementsAre("bridge"));

  ASSERT_TRUE(write_file(m_file, "!<arch>\n" + member("debian-binary", "2.0\n")));
  const auto empty = unpack(m_file, ArchiveKind::debian_package,
                            debian_selection(Component::plugins), m_out, "x.deb");
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().message, HasSubstr("no data.tar"));
}

}  // namespace
}  // namespace cni_matrix::artifacts
