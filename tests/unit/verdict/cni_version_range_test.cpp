#include <cni_matrix/verdict/cni_version_range.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace cni_matrix::verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> k_released = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                             "0.4.0", "1.0.0", "1.1.0"};

// Which of everything that can stand at "cniVersion" is in a range.
std::vector<std::string> inside(std::string_view text) {
  const auto range = value_or_throw(CniVersionRange::parse(text));
  auto all = k_released;
  all.insert(all.begin(), {"none", "empty"});
  all.insert(all.end(), {"0.5.0", "1.0", "v1.0.0", "1.0.0-rc1", "9.9.9", "abc"});
  std::erase_if(all, [&](const std::string& version) { return !range.contains(version); });
  return all;
}

TEST(CniVersionRange, WordsAreForWhatIsNoVersion) {
  EXPECT_THAT(inside("absent"), ElementsAre("none", "empty"));
  EXPECT_THAT(inside("unknown"),
              ElementsAre("0.5.0", "1.0", "v1.0.0", "1.0.0-rc1", "9.9.9", "abc"));
}

TEST(CniVersionRange, RangesHoldReleasedVersionsOnly) {
  EXPECT_THAT(inside("*"), ElementsAreArray(k_released));
  EXPECT_THAT(inside("<1.0.0"), ElementsAre("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"));
  EXPECT_THAT(inside("0.3.0-0.4.0"), ElementsAre("0.3.0", "0.3.1", "0.4.0"));
  EXPECT_THAT(inside("0.3"), ElementsAre("0.3.0", "0.3.1"));
  EXPECT_THAT(inside("1.1.0"), ElementsAre("1.1.0"));
  EXPECT_THAT(inside(">=0.4.0 <1.1.0"), ElementsAre("0.4.0", "1.0.0"));
}

TEST(CniVersionRange, OneAlternativeHasToHold) {
  EXPECT_THAT(inside("absent, <0.3.0"), ElementsAre("none", "empty", "0.1.0", "0.2.0"));
  EXPECT_THAT(inside("0.1.0,1.1.0"), ElementsAre("0.1.0", "1.1.0"));
  EXPECT_EQ(inside("absent, *, unknown").size(), 2 + k_released.size() + 6);
}

TEST(CniVersionRange, RefusesWhatWouldNeverHold) {
  const auto error = [](std::string_view text) {
    const auto range = CniVersionRange::parse(text);
    return range ? std::string() : range.error().message;
  };
  EXPECT_THAT(error("none"), HasSubstr("\"none\" is not a range of cniVersions"));
  EXPECT_THAT(error(""), HasSubstr("not a range of cniVersions"));
  EXPECT_THAT(error("absent,"), HasSubstr("not a range of cniVersions"));
  EXPECT_THAT(error("absent, 0.5.0"),
              HasSubstr("no version of the CNI specification is in \"0.5.0\"; the released ones "
                        "are 0.1.0, 0.2.0"));
  EXPECT_THAT(error(">1.1.0"), HasSubstr("no version of the CNI specification"));
  EXPECT_THAT(error("unknown"), IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::verdict
