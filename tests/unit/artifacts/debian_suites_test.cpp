#include "artifacts/debian_suites.hpp"

#include "artifacts/debian.hpp"
#include "base/file.hpp"
#include <cni_matrix/artifacts/artifact.hpp>

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

namespace cni_matrix::artifacts {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

TEST(DebianSuitesTest, StandOnceEachAndCanBeWrittenAsTokens) {
  std::set<std::string_view> names;
  for (const auto& suite : debian_suites()) {
    EXPECT_TRUE(names.insert(suite.name).second) << suite.name;
    EXPECT_TRUE(VersionToken::parse("debian:" + std::string(suite.name))) << suite.name;
  }
}

// In the order of the releases, so that the oldest suite that has a version gives it.
TEST(DebianSuitesTest, ABareVersionIsLookedForInReleasesOnly) {
  std::vector<std::string_view> searched;
  for (const auto& suite : debian_suites()) {
    if (suite.searched) {
      searched.push_back(suite.name);
    }
  }
  EXPECT_THAT(searched, IsSupersetOf({"bullseye", "bookworm", "trixie", "forky"}));
  for (const auto suite : {"testing", "unstable", "sid"}) {
    EXPECT_THAT(searched, Not(Contains(suite)));
  }
}

TEST(DebianSuitesTest, RankAsTheyWereReleased) {
  EXPECT_LT(rank_of_debian_suite("buster"), rank_of_debian_suite("bullseye"));
  EXPECT_LT(rank_of_debian_suite("trixie"), rank_of_debian_suite("forky"));
  EXPECT_LT(rank_of_debian_suite("forky"), rank_of_debian_suite("testing"));
  EXPECT_LT(rank_of_debian_suite("testing"), rank_of_debian_suite("sid"));
  EXPECT_LT(rank_of_debian_suite("unstable"), rank_of_debian_suite("jammy"));
}

// Each suite of the table is one that a host's sources may name, with its security archive.
TEST(DebianSuitesTest, AreThoseOfTheHostsSources) {
  EXPECT_FALSE(is_debian_suite("jammy"));
  EXPECT_FALSE(is_debian_suite(""));
  for (const auto& suite : debian_suites()) {
    EXPECT_TRUE(is_debian_suite(suite.name));
    const auto directory = value_or_throw(TemporaryDirectory::create());
    const std::string name(suite.name);
    ASSERT_TRUE(write_file(directory.path() / "sources.list",
                           "deb http://a.example/debian " + name + " main\n" +
                               "deb http://s.example/debian-security " + name +
                               "-security main\n"));
    const auto archives = host_archives(directory.path());
    EXPECT_EQ(archives.main, "http://a.example/debian") << name;
    EXPECT_EQ(archives.security, "http://s.example/debian-security") << name;
  }
}

}  // namespace
}  // namespace cni_matrix::artifacts
