#include "equipment/readiness.hpp"

#include "base/file.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::equipment {
namespace {

TEST(Readiness, FindsAPortInTheKernelsTable) {
  constexpr std::string_view k_table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
      "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0\n";
  EXPECT_TRUE(has_port(k_table, 53, false));
  EXPECT_FALSE(has_port(k_table, 8080, false));  // connected, and does not listen
  EXPECT_TRUE(has_port(k_table, 8080, true));
  EXPECT_FALSE(has_port(k_table, 54, false));
  EXPECT_FALSE(has_port("", 53, false));
}

TEST(Readiness, IsAllThatIsAskedFor) {
  const auto folder = value_or_throw(TemporaryDirectory::create());
  Readiness ready;
  EXPECT_TRUE(value_or_throw(is_ready(ready, Where::node, "")));
  ready.file = folder.path() / "pid";
  EXPECT_FALSE(value_or_throw(is_ready(ready, Where::node, "")));
  value_or_throw(write_file(ready.file, "1"));
  EXPECT_TRUE(value_or_throw(is_ready(ready, Where::node, "")));
  ready.output = "^listening";
  EXPECT_FALSE(value_or_throw(is_ready(ready, Where::node, "not listening\n")));
  EXPECT_TRUE(value_or_throw(is_ready(ready, Where::node, "begin\nlistening on 1\n")));
  ready.socket = folder.path() / "socket";
  EXPECT_FALSE(value_or_throw(is_ready(ready, Where::node, "listening")));
}

}  // namespace
}  // namespace cni_matrix::equipment
