#include <cni_matrix/base/json.hpp>

#include <gmock/gmock.h>

namespace cni_matrix {
namespace {

using testing::HasSubstr;

std::string refusal_of(const std::string& text) {
  const auto value = parse_json(text, "file.json");
  return value ? "" : value.error().message;
}

TEST(ParseJson, NamesThePlaceOfAnError) {
  const auto broken_text = parse_json("{\n  \"a\": }", "x.json");
  ASSERT_FALSE(broken_text);
  EXPECT_THAT(broken_text.error().message, HasSubstr("x.json:2:8: not JSON"));
  EXPECT_TRUE(parse_json("{/* why */ \"a\": 1} // end", "x.json"));
  EXPECT_FALSE(parse_json(std::string(100'000, '['), "x.json"));
}

TEST(ParseJson, RefusesWhatWouldExhaustTheStack) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(refusal_of(deep), HasSubstr("nested deeper than 200 levels"));
  // A quote in a comment is none.
  EXPECT_THAT(refusal_of("/* \" */" + deep), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal_of("// \"\n" + deep), HasSubstr("nested deeper"));
  EXPECT_EQ(refusal_of("/* [[[ */ {\"a\": \"// [\"} // ["), "");
}

TEST(ParseJson, RefusesANumberBeyondAllBounds) {
  EXPECT_EQ(refusal_of(R"({"count": 1e400})"),
            "file.json: not JSON: number overflow parsing '1e400'");
}

}  // namespace
}  // namespace cni_matrix
