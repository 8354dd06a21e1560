#include "artifacts/store.hpp"

#include "base/digest.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <artifacts/cache.hpp>
#include <artifacts/download.hpp>
#include <artifacts/remembered_failure.hpp>

namespace cni_matrix::artifacts {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  StoreTest() { EXPECT_TRUE(m_cache.create()); }

  Artifact put(const std::string& digest, std::string_view content = "binary") {
    auto staging = m_cache.stage();
    EXPECT_TRUE(staging);
    EXPECT_TRUE(write_file(staging->bin() / "runc", content));
    Artifact artifact;
    artifact.component = Component::runc;
    artifact.provider = "release";
    artifact.version = {1, 1, 5, ""};
    artifact.source = "runc.amd64";
    artifact.sha256 = digest;
    auto stored = m_cache.commit(*staging, artifact);
    EXPECT_TRUE(stored);
    return *stored;
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  Cache m_cache{m_directory.path() / "cache"};
  const std::string m_digest = std::string(64, 'a');
};

TEST_F(StoreTest, ComesBackAsPut) {
  EXPECT_FALSE(*m_cache.find(m_digest));
  put(m_digest);
  const auto found = *m_cache.find(m_digest);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->component, Component::runc);
  EXPECT_EQ(found->version.str(), "1.1.5");
  EXPECT_EQ(found->source, "runc.amd64");
  EXPECT_EQ(found->binaries.at("runc"), sha256("binary"));
  EXPECT_EQ(*read_file(found->directory / "runc"), "binary");
  EXPECT_TRUE(fs::is_empty(m_cache.temporary()));
}

TEST_F(StoreTest, PuttingItTwiceIsFine) {
  put(m_digest);
  put(m_digest);
  EXPECT_EQ(list_store(m_cache.root())->size(), 1U);
  EXPECT_TRUE(fs::is_empty(m_cache.temporary()));
}

TEST_F(StoreTest, ADamagedEntryIsNotFoundAndIsReplaced) {
  const auto artifact = put(m_digest);
  ASSERT_TRUE(write_file(artifact.directory / "runc", "cut"));
  EXPECT_FALSE(*m_cache.find(m_digest));
  put(m_digest);
  EXPECT_TRUE(*m_cache.find(m_digest));
}

// Of the same size, and older than it was: only the digest tells.
TEST_F(StoreTest, AChangedExecutableIsNotFound) {
  const auto artifact = put(m_digest);
  ASSERT_TRUE(*m_cache.find(m_digest));
  const auto file = artifact.directory / "runc";
  const auto written = fs::last_write_time(file);
  ASSERT_TRUE(write_file(file, "yranib"));
  fs::last_write_time(file, written);
  EXPECT_FALSE(*m_cache.find(m_digest));
}

// A conflist could name it, and no report would.
TEST_F(StoreTest, AnExecutableThatWasAddedIsNotPassedOver) {
  const auto artifact = put(m_digest);
  ASSERT_TRUE(write_file(artifact.directory / "extra", "x"));
  std::string damage;
  EXPECT_FALSE(*m_cache.find(m_digest, &damage));
  EXPECT_THAT(damage, HasSubstr((artifact.directory / "extra").string()));
}

TEST_F(StoreTest, ACacheOfAnotherUserIsNeitherListedNorPruned) {
  fs::path cache = "/usr/share";  // root's
  if (::geteuid() == 0) {
    put(m_digest);
    cache = m_cache.root();
    ASSERT_EQ(::chown((cache / "index").c_str(), 65534, 65534), 0);
  }
  const auto listed = list_store(cache);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::input);
  EXPECT_THAT(listed.error().message, HasSubstr("and not to you"));
  EXPECT_FALSE(prune_store(cache, std::chrono::seconds(0)));
}

TEST_F(StoreTest, TakingDigestsCanBeStopped) {
  put(m_digest);
  std::string damage;
  const auto stopped = m_cache.find(m_digest, &damage, [] { return true; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(damage, "");
  EXPECT_TRUE(*m_cache.find(m_digest));
  // Once they are known nothing is left to be stopped.
  EXPECT_TRUE(m_cache.find(m_digest, &damage, [] { return true; }));
}

TEST_F(StoreTest, WaitingForAnotherRunCanBeStopped) {
  const auto file = m_directory.path() / "lock";
  const auto held = FileLock::acquire(file, FileLock::Mode::exclusive);
  ASSERT_TRUE(held && *held);
  const auto start = std::chrono::steady_clock::now();
  const auto stopped = FileLock::acquire(file, FileLock::Mode::exclusive, [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(100);
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

TEST_F(StoreTest, IsOursAloneOrRefused) {
  ASSERT_TRUE(m_cache.check_ours());
  const auto artifact = put(m_digest);
  const auto file = artifact.directory / "runc";
  // Open to the group: mended.
  ::chmod(file.c_str(), 0775);
  ASSERT_TRUE(m_cache.check_ours());
  EXPECT_EQ(fs::status(file).permissions(), static_cast<fs::perms>(0755));
  // Open to all, or no directory: refused, with the place and the cure.
  ::chmod(file.c_str(), 0757);
  const auto refused = m_cache.check_ours();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  EXPECT_THAT(refused.error().message, HasSubstr(file.string()));
  EXPECT_THAT(refused.error().message, HasSubstr("set CNI_MATRIX_CACHE"));
  ::chmod(file.c_str(), 0755);
  ::chmod(m_cache.root().c_str(), 0775);
  EXPECT_FALSE(m_cache.check_ours());
  ::chmod(m_cache.root().c_str(), 0755);
  fs::create_symlink(m_cache.root(), m_directory.path() / "link");
  EXPECT_FALSE(Cache(m_directory.path() / "link").check_ours());
  EXPECT_FALSE(Cache("").check_ours());
  EXPECT_TRUE(Cache(m_directory.path() / "not-yet").check_ours());
}

TEST_F(StoreTest, ListsAndPrunes) {
  put(m_digest);
  put(std::string(64, 'b'));
  ASSERT_TRUE(write_file(m_cache.downloads() / "x.part", "partial"));
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(48);
  fs::last_write_time(m_cache.store() / m_digest / "manifest.json", old);
  const auto entries = list_store(m_cache.root());
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->front().bytes, 6U);

  const auto pruned = prune_store(m_cache.root(), std::chrono::hours(24));
  ASSERT_TRUE(pruned) << pruned.error().message;
  ASSERT_EQ(pruned->removed.size(), 1U);
  EXPECT_EQ(pruned->removed.front().artifact.sha256, m_digest);
  EXPECT_GT(pruned->freed_bytes, 6U + 7U);
  EXPECT_FALSE(fs::exists(m_cache.store() / m_digest));
  EXPECT_FALSE(fs::exists(m_cache.downloads() / "x.part"));
  EXPECT_EQ(list_store(m_cache.root())->size(), 1U);

  ASSERT_TRUE(prune_store(m_cache.root(), std::chrono::seconds(0)));
  EXPECT_TRUE(list_store(m_cache.root())->empty());
}

TEST_F(StoreTest, IsNotPrunedWhileInUse) {
  put(m_digest);
  const auto lock = FileLock::acquire(m_cache.locks() / "store.lock", FileLock::Mode::shared);
  ASSERT_TRUE(lock);
  const auto pruned = prune_store(m_cache.root(), std::chrono::seconds(0));
  ASSERT_FALSE(pruned);
  EXPECT_EQ(pruned.error().kind, ErrorKind::input);
  EXPECT_THAT(pruned.error().message, HasSubstr("in use by a run"));
  EXPECT_TRUE(*m_cache.find(m_digest));
}

TEST_F(StoreTest, NoCacheIsAnEmptyStore) {
  const auto entries = list_store(m_directory.path() / "missing");
  ASSERT_TRUE(entries);
  EXPECT_TRUE(entries->empty());
  EXPECT_TRUE(prune_store(m_directory.path() / "missing", std::chrono::seconds(0)));
  EXPECT_FALSE(fs::exists(m_directory.path() / "missing"));
}

TEST_F(StoreTest, ACacheThatCannotBeMadeIsOneSentence) {
  ASSERT_TRUE(write_file(m_directory.path() / "file", ""));
  const auto created = Cache(m_directory.path() / "file" / "cache").create();
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().kind, ErrorKind::input);
  EXPECT_THAT(created.error().message,
              HasSubstr("Not a directory; make room or set CNI_MATRIX_CACHE"));
}

TEST_F(StoreTest, RemembersAFailureForAnHour) {
  const auto file = m_cache.index() / "host-x.json";
  EXPECT_FALSE(remembered_failure(file));
  remember_failure(file, "it was away");
  const auto failure = remembered_failure(file);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, "it was away");
  ASSERT_TRUE(write_file(file, R"({"reason": "long ago", "when": 1000})"));
  EXPECT_FALSE(remembered_failure(file));
  ASSERT_TRUE(write_file(file, "{"));
  EXPECT_FALSE(remembered_failure(file));
}

TEST(HostTest, IsReadFromTheAddress) {
  EXPECT_EQ(host_of("https://github.com/a/b"), "github.com");
  EXPECT_EQ(host_of("https://user:pw@mirror.example:8443/x"), "mirror.example:8443");
  EXPECT_EQ(host_of("https://[::1]:8443/x"), "[::1]:8443");
}

}  // namespace
}  // namespace cni_matrix::artifacts
