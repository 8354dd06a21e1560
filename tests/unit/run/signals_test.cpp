#include "run/signals.hpp"

#include <cni_matrix/base/exit_status.hpp>

#include <gtest/gtest.h>

#include <csignal>

namespace cni_matrix::run {
namespace {

// What a command says that a signal ended, whichever command it is.
TEST(StopSignals, TellWhichOneItWasWhenTheyAreGone) {
  for (const auto& [number, text] : {std::pair(SIGINT, "exit 130: interrupted by SIGINT; x"),
                                     std::pair(SIGTERM, "exit 143: interrupted by SIGTERM; x"),
                                     std::pair(SIGHUP, "exit 143: interrupted by SIGHUP; x")}) {
    {
      const auto signals = value_or_throw(StopSignals::catch_them());
      EXPECT_EQ(StopSignals::pending(), 0);
      ::raise(number);
      EXPECT_EQ(StopSignals::pending(), number);
    }
    EXPECT_EQ(ending_by_signal(StopSignals::pending(), "x").text(), text);
  }
  EXPECT_EQ(ending_by_signal(0, "x").text(), "exit 130: interrupted; x");
}

}  // namespace
}  // namespace cni_matrix::run
