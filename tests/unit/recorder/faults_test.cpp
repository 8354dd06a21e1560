#include "base/file.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::recorder {
namespace {

using ::testing::HasSubstr;

TEST(Faults, SixtyFourAtATime) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  Fault fault;
  fault.plugin = "bridge";
  for (int i = 0; i < 64; ++i) {
    ASSERT_TRUE(place_fault(directory.path(), fault, directory.path() / "counts").has_value()) << i;
  }
  const auto refused = place_fault(directory.path(), fault, directory.path() / "counts");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  value_or_throw(clear_faults(directory.path()));
  EXPECT_TRUE(place_fault(directory.path(), fault, directory.path() / "counts").has_value());
}

TEST(Faults, TooLongATextIsRefused) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  Fault fault;
  fault.plugin = "bridge";
  fault.action = FaultAction::text;
  fault.text = std::string(64U << 10U, 'x');
  EXPECT_TRUE(place_fault(directory.path(), fault, directory.path() / "counts").has_value());
  fault.text += 'x';
  EXPECT_FALSE(place_fault(directory.path(), fault, directory.path() / "counts").has_value());
  fault.action = FaultAction::fail;
  fault.message = std::string(40U << 10U, '"');  // twice as long when quoted
  EXPECT_FALSE(place_fault(directory.path(), fault, directory.path() / "counts").has_value());
}

TEST(Faults, ADirectoryThatCannotBeMadeIsNamed) {
  Fault fault;
  fault.plugin = "bridge";
  const auto placed = place_fault("/proc/nothing", fault, "/proc/nothing/counts");
  ASSERT_FALSE(placed.has_value());
  EXPECT_EQ(placed.error().kind, ErrorKind::broken);
  EXPECT_THAT(placed.error().message, HasSubstr("/proc/nothing"));
}

TEST(Faults, NoneToClearIsNoError) {
  EXPECT_TRUE(clear_faults("/nonexistent/faults").has_value());
}

TEST(Faults, OnlyAProcessCanBeTheRuntime) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  for (const pid_t pid : {-1, 0, 1}) {
    EXPECT_FALSE(set_runtime_pid(directory.path(), pid).has_value()) << pid;
  }
  EXPECT_TRUE(set_runtime_pid(directory.path(), 2).has_value());
}

}  // namespace
}  // namespace cni_matrix::recorder
