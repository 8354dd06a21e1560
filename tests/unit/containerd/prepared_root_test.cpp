#include "containerd/prepared_root.hpp"

#include "base/file.hpp"
#include "containerd/tar.hpp"
#include <cni_matrix/base/fd.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace cni_matrix::containerd {
namespace {

namespace fs = std::filesystem;

class PreparedRoot : public testing::Test {
 protected:
  TemporaryDirectory m_folder = TemporaryDirectory::create().value();
  fs::path m_file = m_folder.path() / "cache/root.tar";
};

unsigned permissions_of(const fs::path& path) {
  return static_cast<unsigned>(fs::symlink_status(path).permissions());
}

TEST_F(PreparedRoot, ComesBackAsItWasSaved) {
  const fs::path from = m_folder.path() / "from";
  fs::create_directories(from / "snapshots/1");
  value_or_throw(write_file(from / "snapshots/1/pause", "program"));
  fs::permissions(from / "snapshots/1/pause", fs::perms(0755));
  fs::permissions(from / "snapshots", fs::perms(0700));
  value_or_throw(write_file(from / "meta.db", std::string(70'000, '\0') + "x"));
  fs::permissions(from / "meta.db", fs::perms(0400));
  fs::create_symlink("meta.db", from / "link");

  const Fd fd(::memfd_create("root", MFD_CLOEXEC));
  TarWriter tar(fd.get());
  ASSERT_TRUE(tar.add_tree(from));
  ASSERT_TRUE(tar.finish());
  ASSERT_TRUE(save_root(fd.get(), m_file));
  const fs::path to = m_folder.path() / "a/to";
  const auto placed = place_root(m_file, to);
  ASSERT_TRUE(placed) << placed.error().message;

  EXPECT_EQ(read_file(to / "snapshots/1/pause").value(), "program");
  EXPECT_EQ(permissions_of(to / "snapshots/1/pause"), 0755U);
  EXPECT_EQ(permissions_of(to / "snapshots"), 0700U);
  EXPECT_EQ(permissions_of(to / "meta.db"), 0400U);
  EXPECT_EQ(read_file(to / "meta.db").value(), read_file(from / "meta.db").value());
  EXPECT_EQ(fs::read_symlink(to / "link"), "meta.db");
}

TEST_F(PreparedRoot, SaysThatAFileIsMissingOrDamaged) {
  const auto missing = place_root(m_file, m_folder.path() / "to");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, testing::HasSubstr(m_file.string()));
  fs::create_directories(m_file.parent_path());
  value_or_throw(write_file(m_file, std::string(2048, 'x')));
  const auto damaged = place_root(m_file, m_folder.path() / "to");
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message, testing::HasSubstr("remove it and it is made anew"));
}

// What is not, to the byte, what was saved is made anew by whoever asks.
TEST_F(PreparedRoot, IsGoodOnlyAsItWasSaved) {
  EXPECT_FALSE(is_good_root(m_file));
  const Fd fd(::memfd_create("root", MFD_CLOEXEC));
  TarWriter tar(fd.get());
  ASSERT_TRUE(tar.add_file("meta.db", 0644, "text"));
  ASSERT_TRUE(tar.finish());
  ASSERT_TRUE(save_root(fd.get(), m_file));
  EXPECT_TRUE(is_good_root(m_file));
  EXPECT_TRUE(is_good_root(m_file));  // from memory

  const auto bytes = read_file(m_file).value();
  const auto written = fs::last_write_time(m_file);
  auto changed = bytes;
  changed[512] = 'T';  // the file's text, of the same length and with the old time
  for (const auto& text : {changed, bytes.substr(0, bytes.size() / 2), std::string()}) {
    value_or_throw(write_file(m_file, text));
    fs::last_write_time(m_file, written);
    EXPECT_FALSE(is_good_root(m_file)) << text.size();
  }
  ASSERT_TRUE(save_root(fd.get(), m_file));
  EXPECT_TRUE(is_good_root(m_file));
  // One that tells no digest is of a program that did not note it.
  fs::remove(m_file.string() + ".sha256");
  value_or_throw(write_file(m_file, bytes));
  EXPECT_FALSE(is_good_root(m_file));
}

// The cache may be written by others than us.
TEST_F(PreparedRoot, StaysInItsDirectory) {
  fs::create_directories(m_file.parent_path());
  for (const char* name : {"../out", "/out", "a/../../out"}) {
    TarWriter tar;
    ASSERT_TRUE(tar.add_file(name, 0644, "x"));
    value_or_throw(write_file(m_file, tar.finish().value()));
    const auto placed = place_root(m_file, m_folder.path() / "to");
    ASSERT_FALSE(placed) << name;
    EXPECT_THAT(placed.error().message, testing::HasSubstr("leaves the directory")) << name;
  }
  EXPECT_FALSE(fs::exists(m_folder.path() / "out"));
}

TEST_F(PreparedRoot, HasAFileForEachContainerdAndPause) {
  const auto file = prepared_root_file("/cache", "aa", "bb");
  EXPECT_EQ(file.parent_path(), "/cache/containerd-roots");
  EXPECT_EQ(file, prepared_root_file("/cache", "aa", "bb"));
  EXPECT_NE(file, prepared_root_file("/cache", "ab", "bb"));
  EXPECT_NE(file, prepared_root_file("/cache", "aa", "ba"));
}

}  // namespace
}  // namespace cni_matrix::containerd
