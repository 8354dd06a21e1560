// `compat` runs nothing, asks nobody and is quick.

#include "program_test.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <unistd.h>

namespace cni_matrix {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::in_shell;
using testing_support::program;
using testing_support::with;
using testing_support::Words;

const Words k_question = {"compat", "--containerd", "1.6.2", "--plugins", "1.1.1"};

// The quickest of some: what else the machine does is not asked for.
TEST(Compat, AnswersInLessThanAFifthOfASecond) {
  auto quickest = std::chrono::nanoseconds::max();
  for (int i = 0; i < 10; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto result = program(k_question);
    quickest =
        std::min<std::chrono::nanoseconds>(quickest, std::chrono::steady_clock::now() - begin);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_LT(quickest, 200ms);
}

TEST(Compat, NeedsNoNetworkAndLeavesNothingBehind) {
  const auto folder = value_or_throw(TemporaryDirectory::create());
  const auto cache = folder.path() / "cache";
  const std::string alone = ::geteuid() == 0 ? "unshare --net " : "";
  const auto result =
      in_shell(k_question, fmt::format("CNI_MATRIX_CACHE={} exec {}\"$@\"", cache.string(), alone));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("exit 0: works: with cniVersion 0.1.0"));
  EXPECT_FALSE(std::filesystem::exists(cache));
}

TEST(Compat, PrintsTheSameWithItsOwnRecords) {
  const auto shipped = program(k_question);
  const auto file = (data_directory() / "matrix" / "compatibility.json").string();
  EXPECT_EQ(program(with(k_question, {"--records", file})).out, shipped.out);
  const auto folder = value_or_throw(TemporaryDirectory::create());
  const auto none = folder.path() / "none.json";
  value_or_throw(
      write_file(none, R"({"runs": [], "builds": [], "lists": [], "outcomes": [], "rows": []})"));
  // F02 is known, and nothing else.
  const auto result = program(with(k_question, {"--records", none.string()}));
  EXPECT_EQ(result.exit_code, 4) << result.out;
  EXPECT_THAT(result.out, HasSubstr("F02"));
}

}  // namespace
}  // namespace cni_matrix
