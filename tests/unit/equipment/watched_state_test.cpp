#include "equipment/watched_state.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cni_matrix::equipment {
namespace {

TEST(WatchedState, ListsWhatFitsAndMayNotStay) {
  const auto folder = value_or_throw(TemporaryDirectory::create());
  const auto root = folder.path().string();
  std::filesystem::create_directories(folder.path() / "pods/deep");
  std::filesystem::create_directories(folder.path() / "empty");
  for (const auto* name : {"lock", "pods/1", "pods/deep/2"}) {
    value_or_throw(write_file(folder.path() / name, ""));
  }
  std::filesystem::create_symlink("/", folder.path() / "loop");
  const auto listed = list_state({{"acme", {root + "/*"}, {root + "/lock"}}});
  EXPECT_THAT(listed,
              testing::ElementsAre("acme " + root + "/empty", "acme " + root + "/loop",
                                   "acme " + root + "/pods/1", "acme " + root + "/pods/deep/2"));
  EXPECT_THAT(list_state({{"one", {root + "/lock"}, {}}}),
              testing::ElementsAre("one " + root + "/lock"));
  EXPECT_THAT(list_state({{"none", {root + "/missing/*"}, {}}}), testing::IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::equipment
