#include "base/duration.hpp"

#include <gmock/gmock.h>

namespace cni_matrix {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(DurationTest, ReadsSecondsMinutesAndHours) {
  EXPECT_EQ(value_or_throw(parse_duration("90")), 90s);
  EXPECT_EQ(value_or_throw(parse_duration("90s")), 90s);
  EXPECT_EQ(value_or_throw(parse_duration("15m")), 15min);
  EXPECT_EQ(value_or_throw(parse_duration("2h")), 2h);
  EXPECT_EQ(value_or_throw(parse_duration("1000000")), 1'000'000s);
}

TEST(DurationTest, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "m", "1.5h", "1e3", "15 m", "15min", " 5", "5 ", "+5", "-5",
                           "-5s", "h2", "5ss", "0x10", "1h30m", "5\n", "--timeout"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::input);
    EXPECT_THAT(parsed.error().message, HasSubstr("write it like 90, 90s, 15m or 2h")) << text;
  }
}

TEST(DurationTest, RefusesWhatIsOutOfBounds) {
  for (const char* text : {"0", "0s", "0h", "1000001", "278h", "99999999999999999999",
                           "9223372036854775807h", "99999999999999999999m"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("from 1s to 1000000s")) << text;
  }
}

}  // namespace
}  // namespace cni_matrix
