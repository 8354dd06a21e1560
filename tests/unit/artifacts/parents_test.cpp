#include "artifacts/parents.hpp"

#include "in_child.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::artifacts {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::in_child;
namespace fs = std::filesystem;

constexpr uid_t k_stranger = 12345;  // whoever runs the tests

// "good", or the kind of error and its sentence.
std::string verdict_on(const fs::path& cache) {
  const auto checked = check_parents(cache);
  return checked
             ? "good"
             : fmt::format("{} {}", checked.error().kind == ErrorKind::input ? "input" : "other",
                           checked.error().message);
}

class Parents : public testing::Test {
 protected:
  // A directory between ours and the cache.
  [[nodiscard]] fs::path parent(mode_t mode, const std::string& name = "parent") const {
    auto made = m_directory.path() / name;
    fs::create_directory(made);
    EXPECT_EQ(::chmod(made.c_str(), mode), 0);
    return made;
  }

  static void expect_refused(const fs::path& cache, const fs::path& culprit,
                             const std::string& why) {
    EXPECT_THAT(verdict_on(cache),
                AllOf(StartsWith("input " + culprit.string() + ", on the way to the cache "),
                      HasSubstr(why), HasSubstr("set CNI_MATRIX_CACHE")));
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
};

TEST_F(Parents, OfUsualPlacesAreGood) {
  for (const fs::path& cache :
       {cache_directory(), fs::path("/var/cache/cni-matrix"), fs::path("/cni-matrix"),
        m_directory.path() / "cache", m_directory.path() / "not/yet/there",
        fs::path("/tmp/not-yet-there")}) {
    EXPECT_EQ(verdict_on(cache), "good") << cache;
  }
}

TEST_F(Parents, ThatOthersMayWriteAreRefused) {
  EXPECT_EQ(verdict_on(parent(0755) / "cache"), "good");
  EXPECT_EQ(verdict_on(parent(01777) / "cache"), "good");
  const auto open = parent(0777);
  expect_refused(open / "cache", open, "can be written to by everybody");
  // However deep below it, there or not.
  expect_refused(open / "a/b/cache", open, "can be written to by everybody");
  fs::create_directories(open / "a/b/cache");
  expect_refused(open / "a/b/cache", open, "can be written to by everybody");
  // The cache itself is looked at elsewhere.
  EXPECT_EQ(verdict_on(open), "good");
}

TEST_F(Parents, AreFoundFromWhereWeAre) {
  const auto open = parent(0777);
  EXPECT_THAT(in_child([&] {
                fs::current_path(open);
                return verdict_on("cache");
              }),
              HasSubstr("can be written to by everybody"));
  EXPECT_THAT(verdict_on(open / "a" / ".." / "cache"), StartsWith("input"));
}

TEST_F(Parents, ThatOurGroupMayWriteAreGood) {
  EXPECT_EQ(verdict_on(parent(0775) / "cache"), "good");
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a directory away";
  }
  const auto other = parent(0775, "other");
  ASSERT_EQ(::chown(other.c_str(), 0, k_stranger), 0);
  expect_refused(other / "cache", other, fmt::format("by group {}", k_stranger));
  ASSERT_EQ(::chmod(other.c_str(), 01775), 0);
  EXPECT_EQ(verdict_on(other / "cache"), "good");
}

TEST_F(Parents, OfAnotherUserAreRefused) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a directory away";
  }
  const auto other = parent(0755);
  ASSERT_EQ(::chown(other.c_str(), k_stranger, 0), 0);
  const auto why = fmt::format("belongs to user {} and not to you or root", k_stranger);
  expect_refused(other / "cache", other, why);
  // Its owner may do all in it, sticky or not.
  ASSERT_EQ(::chmod(other.c_str(), 01777), 0);
  expect_refused(other / "cache", other, why);
}

TEST_F(Parents, AreAlsoThoseOfALink) {
  const auto good = parent(0755, "good");
  const auto open = parent(0777, "open");
  const auto sticky = parent(01777, "sticky");
  fs::create_directory_symlink(open, good / "out");
  fs::create_directory_symlink("../open", good / "beside");
  fs::create_directory_symlink(good, open / "in");
  fs::create_directory_symlink(good, sticky / "ours");
  expect_refused(good / "out/cache", open, "by everybody");
  expect_refused(good / "beside/cache", open, "by everybody");
  expect_refused(open / "in/cache", open, "by everybody");
  EXPECT_EQ(verdict_on(sticky / "ours/cache"), "good");
  fs::create_directory_symlink("loop", good / "loop");
  EXPECT_EQ(verdict_on(good / "loop/cache"), "good");  // which cannot be opened either
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a directory away";
  }
  fs::create_directory_symlink(good, sticky / "theirs");
  ASSERT_EQ(::lchown((sticky / "theirs").c_str(), k_stranger, 0), 0);
  expect_refused(sticky / "theirs/cache", sticky / "theirs", "belongs to user");
}

TEST_F(Parents, OfAnOrdinaryUserAreRootsOrItsOwn) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a directory away";
  }
  ASSERT_EQ(::chmod(m_directory.path().c_str(), 0755), 0);
  constexpr uid_t k_user = 12346;
  const auto as_user = [&](const fs::path& cache) {
    return in_child([&]() -> std::string {
      return ::setgid(k_user) == 0 && ::setuid(k_user) == 0 ? verdict_on(cache) : "cannot change";
    });
  };
  const auto of_root = parent(0755, "of-root");
  const auto own = parent(0775, "own");
  ASSERT_EQ(::chown(own.c_str(), k_user, k_user), 0);
  const auto with_group = parent(0775, "with-group");  // root's
  const auto theirs = parent(0755, "theirs");
  ASSERT_EQ(::chown(theirs.c_str(), k_stranger, k_stranger), 0);
  EXPECT_EQ(as_user(of_root / "cache"), "good");
  EXPECT_EQ(as_user(own / "cache"), "good");
  EXPECT_THAT(as_user(with_group / "cache"), HasSubstr("can be written to by group 0"));
  EXPECT_THAT(as_user(theirs / "cache"), HasSubstr("belongs to user 12345"));
  EXPECT_THAT(verdict_on(own / "cache"),
              HasSubstr("belongs to user 12346"));  // root is careful too
}

// Where not all ids are mapped, the owner of "/" is the one that stands for the others.
TEST_F(Parents, OfAnOwnerWhomOurNamespaceDoesNotMapAreRoots) {
  const auto cache = parent(0755) / "cache";
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(cache.parent_path().c_str(), k_stranger, 0), 0);
    EXPECT_THAT(verdict_on(cache), HasSubstr("belongs to user 12345"));
  }
  const auto user = ::geteuid();
  const auto text = in_child([&]() -> std::string {
    if (::unshare(CLONE_NEWUSER) != 0 ||
        !write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", user))) {
      return "skip";
    }
    return verdict_on(cache);
  });
  if (text == "skip") {
    GTEST_SKIP() << "no user namespace can be made here";
  }
  EXPECT_EQ(text, "good");
}

}  // namespace
}  // namespace cni_matrix::artifacts
