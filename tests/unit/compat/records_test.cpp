#include "compat/records.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::compat {
namespace {

using ::testing::HasSubstr;

Json shipped() {
  return value_or_throw(load_json(Records::shipped_file()));
}

std::string problem_of(const Json& value) {
  const auto records = Records::from_json(value, "records.json");
  return records ? "none" : records.error().message;
}

TEST(Records, AreWrittenAsTheyAreRead) {
  const auto records = value_or_throw(Records::load(Records::shipped_file()));
  EXPECT_EQ(Json::parse(to_json(records).dump()), shipped());
}

TEST(Records, OfDebianAreRealAndSayWhichBinariesWereRun) {
  const auto records = value_or_throw(Records::load(Records::shipped_file()));
  std::size_t real = 0;
  for (const auto& row : records.rows) {
    real += row.modelled ? 0U : 1U;
    EXPECT_EQ(row.containerd.has_value(), !row.modelled);
  }
  EXPECT_GT(real, 10U);
  for (const auto& build : records.builds) {
    EXPECT_FALSE(build.binaries.empty()) << build.token;
    EXPECT_THAT(build.go_version, HasSubstr("go1.")) << build.token;
    EXPECT_EQ(build.sha256.size(), 64U) << build.token;
  }
  for (const auto& run : records.runs) {
    EXPECT_THAT(run.day(), ::testing::MatchesRegex("20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]"));
  }
}

TEST(Records, WithAPlaceThatThereIsNotAreRefused) {
  auto value = shipped();
  value["rows"][0]["plugins"] = 1000;
  EXPECT_THAT(problem_of(value),
              HasSubstr("records.json: at /rows/0/plugins: there is no entry 1000"));
  value = shipped();
  value["rows"][0]["outcomes"]["1.0.0"] = 1000;
  EXPECT_THAT(problem_of(value), HasSubstr("/rows/0/1.0.0: there is no entry 1000"));
}

TEST(Records, ThatDoNotKeepToTheSchemaAreRefused) {
  auto value = shipped();
  value["rows"][0].erase("runtime");
  EXPECT_THAT(problem_of(value), HasSubstr("records.json: at /rows/0"));
  value = shipped();
  value["outcomes"][0]["left"] = {"nonsense"};
  EXPECT_THAT(problem_of(value), HasSubstr("records.json: at /outcomes/0/left/0"));
}

}  // namespace
}  // namespace cni_matrix::compat
