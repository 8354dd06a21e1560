#include "recorder/secret.hpp"

#include "base/file.hpp"
#include "recorder/proof.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>

namespace cni_matrix::recorder {
namespace {

using testing::HasSubstr;

std::string marker() {
  return {std::begin(k_marker), std::end(k_marker)};
}

TEST(SecretTest, IsPutBehindTheMarkerAndNowhereElse) {
  const auto secret = value_or_throw(make_secret());
  const std::string before = value_or_throw(read_file(RECORDER));
  const std::string after = value_or_throw(recorder_with_secret(RECORDER, secret));
  ASSERT_EQ(after.size(), before.size());
  const auto at = before.find(marker()) + k_marker_size;
  EXPECT_EQ(after.substr(0, at), before.substr(0, at));
  EXPECT_TRUE(std::equal(
      secret.begin(), secret.end(), after.begin() + static_cast<long>(at),
      [](unsigned char left, char right) { return left == static_cast<unsigned char>(right); }));
  EXPECT_EQ(after.substr(at + k_secret_size), before.substr(at + k_secret_size));
}

TEST(SecretTest, EveryRunHasItsOwn) {
  EXPECT_NE(value_or_throw(make_secret()), value_or_throw(make_secret()));
}

TEST(SecretTest, AFileThatIsNoRecorderIsNamed) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "file";
  const std::string room(k_secret_size, '\0');
  for (const std::string& text : {std::string("nothing"), marker(), marker() + room.substr(1),
                                  marker() + room + marker() + room}) {
    value_or_throw(write_file(file, text));
    const auto made = recorder_with_secret(file, Secret{});
    ASSERT_FALSE(made.has_value()) << text;
    EXPECT_EQ(made.error().kind, ErrorKind::broken);
    EXPECT_THAT(made.error().message, HasSubstr(file.string()));
  }
  value_or_throw(write_file(file, marker() + room));
  EXPECT_TRUE(recorder_with_secret(file, Secret{}).has_value());
  const auto missing = recorder_with_secret("/nonexistent/recorder", Secret{});
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/recorder"));
}

}  // namespace
}  // namespace cni_matrix::recorder
