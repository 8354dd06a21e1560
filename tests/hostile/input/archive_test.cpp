// Archives that are made to harm who unpacks them: refused as a whole, in one sentence, soon, and
// with nothing outside the folder that they are for.

#include "base/file.hpp"
#include "base/text.hpp"

#include <archive.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include <archive_entry.h>
#include <sys/stat.h>

#include <artifacts/archive.hpp>

namespace cni_matrix::artifacts {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr la_int64_t k_gibibyte = la_int64_t{1} << 30U;

// A pax archive, which can say everything: names of any bytes, holes, times, attributes.
class Writer {
 public:
  explicit Writer(const fs::path& file) : m_archive(archive_write_new()) {
    archive_write_set_format_pax(m_archive);
    archive_write_set_options(m_archive, "hdrcharset=BINARY");
    archive_write_add_filter_zstd(m_archive);
    archive_write_open_filename(m_archive, file.c_str());
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { archive_write_free(m_archive); }

  void add(const std::string& path, unsigned type, const std::function<void(archive_entry*)>& set,
           std::string_view data = {}) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, 0755);
    archive_entry_set_size(entry, static_cast<la_int64_t>(data.size()));
    if (set) {
      set(entry);
    }
    archive_write_header(m_archive, entry);
    archive_write_data(m_archive, data.data(), data.size());
    archive_write_finish_entry(m_archive);
    archive_entry_free(entry);
  }
  void file(const std::string& path, std::string_view data = "text") {
    add(path, AE_IFREG, {}, data);
  }

 private:
  archive* m_archive;
};

class HostileArchive : public testing::Test {
 protected:
  HostileArchive() {
    fs::create_directory(out);
    value_or_throw(write_file(outside, "as it was"));
  }

  Expected<void> unpacked() {
    return unpack(file, ArchiveKind::tar, release_selection(Component::plugins), out, "x.tar");
  }

  // A sentence that can be printed, soon, and nothing but plain files below `out`.
  void expect_refused() {
    const auto begin = std::chrono::steady_clock::now();
    const auto done = unpacked();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
    ASSERT_FALSE(done) << "it was taken";
    EXPECT_EQ(done.error().kind, ErrorKind::input) << done.error().message;
    EXPECT_NE(done.error().message.find("x.tar"), std::string::npos) << done.error().message;
    EXPECT_EQ(done.error().message, printable(done.error().message));
    expect_harmless();
  }

  void expect_harmless() {
    EXPECT_EQ(value_or_throw(read_file(outside)), "as it was");
    std::vector<std::string> beside;
    for (const auto& entry : fs::directory_iterator(directory.path())) {
      beside.push_back(entry.path().filename().string());
    }
    EXPECT_EQ(beside.size(), 3U) << fmt::format("{}", fmt::join(beside, ", "));
    for (const auto& entry : fs::recursive_directory_iterator(out)) {
      struct stat status {};
      ASSERT_EQ(::lstat(entry.path().c_str(), &status), 0);
      EXPECT_TRUE(S_ISREG(status.st_mode)) << entry.path();
      EXPECT_EQ(status.st_mode & (S_ISUID | S_ISGID | S_IWGRP | S_IWOTH), 0U) << entry.path();
      EXPECT_LT(status.st_size, k_gibibyte) << entry.path();
    }
  }

  TemporaryDirectory directory = value_or_throw(TemporaryDirectory::create());
  fs::path file = directory.path() / "archive";
  fs::path out = directory.path() / "out";
  fs::path outside = directory.path() / "outside";
};

// A file of `size` bytes of which only the first and the last four are there, as GNU tar writes it:
// its place for a map of sparse files is at 386 of the header, with the real size at 483.
std::string sparse_entry(const std::string& name, std::int64_t size) {
  constexpr std::size_t k_block = 512;
  std::string header(k_block, '\0');
  const auto put = [&header](std::size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  const auto octal = [](std::int64_t number) { return fmt::format("{:011o}", number); };
  put(0, name);
  put(100, "0000755");
  put(108, "0000000");
  put(116, "0000000");
  put(124, octal(8));
  put(136, octal(0));
  put(156, "S");
  put(257, "ustar  ");
  put(386, octal(0));
  put(398, octal(4));
  put(410, octal(size - 4));
  put(422, octal(4));
  put(483, octal(size));
  put(148, "        ");
  unsigned sum = 0;
  for (const char byte : header) {
    sum += static_cast<unsigned char>(byte);
  }
  put(148, fmt::format("{:06o}", sum) + std::string(1, '\0') + " ");
  std::string data = "texttext";
  data.resize(k_block, '\0');
  return header + data;
}

const std::string k_end_of_archive(1024, '\0');

TEST_F(HostileArchive, WithAHoleOverTheLimit) {
  value_or_throw(write_file(file, sparse_entry("bridge", 7 * k_gibibyte) + k_end_of_archive));
  expect_refused();
}

TEST_F(HostileArchive, WithManyHolesThatAddUp) {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += sparse_entry(fmt::format("plugin-{}", i), k_gibibyte - 1);
  }
  value_or_throw(write_file(file, text + k_end_of_archive));
  expect_refused();
}

// Where a name cannot be said in the locale, the checks must still see its bytes.
TEST_F(HostileArchive, WithANameThatIsNoUtf8AndLeadsOut) {
  for (const auto* name : {"../outside\xff", "bin/../../outside\xff\xfe", "/outside\xff"}) {
    { Writer(file).file(name); }
    expect_refused();
  }
}

TEST_F(HostileArchive, WithANameThatIsNoUtf8) {
  {
    Writer writer(file);
    writer.file("bri\xff\xfe");
    writer.file("portmap");
  }
  // Taken or refused: whichever, in words that can be printed.
  const auto done = unpacked();
  if (done) {
    EXPECT_TRUE(fs::exists(out / "portmap"));
  } else {
    EXPECT_EQ(done.error().kind, ErrorKind::input);
    EXPECT_EQ(done.error().message, printable(done.error().message));
  }
  expect_harmless();
}

TEST_F(HostileArchive, WithNamesThatLeadOut) {
  for (const auto* name : {"../outside", "/tmp/outside", "a/../../outside", "./../outside", ".."}) {
    { Writer(file).file(name); }
    expect_refused();
  }
}

TEST_F(HostileArchive, WithLinksThatLeadOut) {
  const auto target = outside.string();
  for (const auto& to : {target, std::string("../outside"), std::string("a/../../outside")}) {
    {
      Writer writer(file);
      writer.add("bridge", AE_IFLNK,
                 [&](archive_entry* entry) { archive_entry_set_symlink(entry, to.c_str()); });
      writer.file("bridge", "overwritten");
    }
    expect_refused();
    {
      Writer writer(file);
      writer.add("bridge", AE_IFREG,
                 [&](archive_entry* entry) { archive_entry_set_hardlink(entry, to.c_str()); });
    }
    expect_refused();
  }
}

TEST_F(HostileArchive, WithALinkThatAFileIsWrittenThrough) {
  {
    Writer writer(file);
    writer.file("portmap");
    writer.add("bridge", AE_IFLNK,
               [](archive_entry* entry) { archive_entry_set_symlink(entry, "portmap"); });
    writer.file("bridge", "overwritten");
  }
  expect_refused();
}

TEST_F(HostileArchive, WithDevicesPipesAndSockets) {
  for (const auto type : {AE_IFCHR, AE_IFBLK, AE_IFIFO}) {
    {
      Writer(file).add("bridge", type, [](archive_entry* entry) {
        archive_entry_set_rdevmajor(entry, 1);
        archive_entry_set_rdevminor(entry, 11);
      });
    }
    expect_refused();
  }
}

TEST_F(HostileArchive, WithSetuidBits) {
  {
    Writer writer(file);
    writer.add(
        "bridge", AE_IFREG, [](archive_entry* entry) { archive_entry_set_perm(entry, 07777); },
        "text");
  }
  const auto done = unpacked();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(fs::exists(out / "bridge"));
  expect_harmless();
}

TEST_F(HostileArchive, WithAMillionEntries) {
  constexpr int k_million = 1'000'000;
  {
    Writer writer(file);
    for (int i = 0; i < k_million; ++i) {
      writer.add("share/" + std::to_string(i), AE_IFREG, {});
    }
  }
  expect_refused();
}

TEST_F(HostileArchive, WithANameOfAMegabyte) {
  { Writer(file).file(std::string(1U << 20U, 'a')); }
  // It is nothing that is taken, or it is refused.
  const auto done = unpacked();
  if (!done) {
    EXPECT_EQ(done.error().kind, ErrorKind::input);
    EXPECT_LT(done.error().message.size(), 4096U);
  }
  expect_harmless();
}

}  // namespace
}  // namespace cni_matrix::artifacts
