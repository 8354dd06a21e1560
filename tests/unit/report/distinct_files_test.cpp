#include "report/distinct_files.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

namespace cni_matrix::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class DistinctFiles : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(m_there, "{}"));
    fs::create_hard_link(m_there, path("hard"));
    fs::create_symlink("there", path("soft"));
    fs::create_symlink("absent", path("dangling"));
    fs::create_directory(path("folder"));
  }

  [[nodiscard]] fs::path path(const char* name) const { return m_directory.path() / name; }

  static void expect_refused(const std::vector<NamedFile>& inputs,
                             const std::vector<NamedFile>& outputs, const std::string& one,
                             const std::string& other) {
    const auto done = check_distinct(inputs, outputs);
    ASSERT_FALSE(done) << one << " and " << other;
    EXPECT_EQ(done.error().kind, ErrorKind::input);
    EXPECT_THAT(done.error().message, AllOf(HasSubstr(one), HasSubstr(other)));
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  fs::path m_there = path("there");
};

TEST_F(DistinctFiles, NoInputIsWritten) {
  for (const auto& other : {m_there, path("hard"), path("soft"), path("folder/../there")}) {
    expect_refused({{"the matrix", m_there}}, {{"--json", other}}, "the matrix", "--json");
    expect_refused({{"--baseline", other}}, {{"--json", m_there}}, "--baseline", "--json");
  }
  EXPECT_TRUE(check_distinct({{"the matrix", m_there}}, {{"--json", path("absent")}}));
}

TEST_F(DistinctFiles, NoTwoReportsAreInOneFile) {
  for (const auto& other :
       {path("absent"), path("folder/../absent"), path("dangling"), path("./absent")}) {
    expect_refused({}, {{"--json", path("absent")}, {"--junit", other}}, "--json", "--junit");
  }
  expect_refused({}, {{"--json", "-"}, {"--junit", "-"}}, "--json", "--junit");
  EXPECT_TRUE(check_distinct({}, {{"--json", path("absent")}, {"--junit", path("other")}}));
  EXPECT_TRUE(check_distinct({}, {{"--json", {}}, {"--junit", {}}}));
  // Whoever throws both away may.
  EXPECT_TRUE(check_distinct({}, {{"--json", "/dev/null"}, {"--junit", "/dev/null"}}));
}

// cni-matrix run ... --json run.json >run.json
TEST_F(DistinctFiles, StandardOutputIsAReportToo) {
  const int before = ::dup(STDOUT_FILENO);
  ASSERT_NE(std::freopen(m_there.c_str(), "a", stdout), nullptr);
  const auto same = check_distinct({}, {{"--json", path("hard")}});
  const auto read = check_distinct({{"the run", m_there}}, {{"--json", "-"}});
  const auto other = check_distinct({}, {{"--json", path("other")}});
  std::fflush(stdout);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ASSERT_FALSE(same);
  EXPECT_THAT(same.error().message, AllOf(HasSubstr("--json"), HasSubstr("standard output")));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, AllOf(HasSubstr("--json"), HasSubstr("the run")));
  EXPECT_TRUE(other);
}

}  // namespace
}  // namespace cni_matrix::report
