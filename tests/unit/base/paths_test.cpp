#include <cni_matrix/base/paths.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;

class Paths : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"CNI_MATRIX_CACHE", "XDG_CACHE_HOME"}) {
      ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    ::setenv("HOME", "/home/somebody", 1);  // NOLINT(concurrency-mt-unsafe): one thread
  }

  static void set(const char* name, const char* value) {
    ::setenv(name, value, 1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
};

TEST_F(Paths, TheCacheIsWhereItWasAskedFor) {
  EXPECT_EQ(cache_directory(), "/home/somebody/.cache/cni-matrix");
  set("XDG_CACHE_HOME", "/somewhere");
  EXPECT_EQ(cache_directory(), "/somewhere/cni-matrix");
  set("CNI_MATRIX_CACHE", "/elsewhere");
  EXPECT_EQ(cache_directory(), "/elsewhere");
  // Relative to where we are, and absolute from then on.
  set("CNI_MATRIX_CACHE", "a/cache");
  EXPECT_EQ(cache_directory(), fs::current_path() / "a/cache");
  set("CNI_MATRIX_CACHE", "");
  EXPECT_EQ(cache_directory(), "/somewhere/cni-matrix");
}

// XDG Base Directory Specification: "should consider the path invalid and ignore it".
TEST_F(Paths, AnotherProgramsVariableThatIsRelativeIsIgnored) {
  set("XDG_CACHE_HOME", "somewhere");
  EXPECT_EQ(cache_directory(), "/home/somebody/.cache/cni-matrix");
}

}  // namespace
}  // namespace cni_matrix
