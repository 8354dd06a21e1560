#include <cni_matrix/base/process.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace cni_matrix {
namespace {

TEST(Pause, IsAFewKilobytesAndNeedsNothing) {
  EXPECT_LT(std::filesystem::file_size(CNI_MATRIX_PAUSE), 8192U);
}

TEST(Pause, WaitsUntilItIsToldToEnd) {
  for (const int number : {SIGTERM, SIGINT}) {
    auto pause = BackgroundProcess::start({CNI_MATRIX_PAUSE}, {}, "/dev/null").value();
    EXPECT_FALSE(pause.wait(std::chrono::milliseconds(50)));
    pause.signal(SIGUSR1);  // must not end it
    EXPECT_FALSE(pause.wait(std::chrono::milliseconds(50)));
    pause.signal(number);
    EXPECT_TRUE(pause.wait(std::chrono::seconds(10)));
  }
}

}  // namespace
}  // namespace cni_matrix
