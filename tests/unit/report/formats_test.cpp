#include "report/formats.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::report {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

TEST(Formats, AreFoundByTheirNames) {
  EXPECT_THAT(format_names(), IsSupersetOf({"console", "junit", "json"}));
  EXPECT_EQ(format_names().size(), formats().size() + 1);
  for (const auto& format : formats()) {
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_FALSE(format.help.empty());
  }
  EXPECT_EQ(find_format("console"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
}

TEST(Formats, MakeAReportForEachFile) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "run.json";
  {
    Reporters reporters;
    ASSERT_TRUE(add_reporters({{"json", file}, {"junit", ""}}, reporters));
    reporters.run_started({}, 0);
    ASSERT_TRUE(reporters.run_finished({}));
  }
  EXPECT_THAT(value_or_throw(read_file(file)), HasSubstr("cni-matrix-run"));

  Reporters reporters;
  const auto refused = add_reporters({{"junit", directory.path() / "none/x.xml"}}, reporters);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
}

TEST(Formats, LeaveStandardOutputToOneThatTakesIt) {
  EXPECT_TRUE(uses_standard_output({{"json", "x.json"}, {"junit", "-"}}));
  EXPECT_FALSE(uses_standard_output({{"json", "x.json"}, {"junit", ""}}));
}

}  // namespace
}  // namespace cni_matrix::report
