#include "json_style.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

namespace cni_matrix::testing_support {
namespace {

using ::testing::HasSubstr;

std::string styled(std::string_view text) {
  auto result = value_or_throw(in_json_style(text, "file.json"));
  EXPECT_EQ(value_or_throw(in_json_style(result, "file.json")), result) << "not for good";
  EXPECT_EQ(OrderedJson::parse(result), OrderedJson::parse(text));
  return result;
}

TEST(JsonStyle, WhatFitsStandsOnOneLine) {
  EXPECT_EQ(
      styled(R"({"b":[ "x","y" ],"a":{"z":{},"c":[]},"n":[1, 2.5,null,true,{"deep":"é\n"}]})"),
      "{\n"
      "  \"b\": [\"x\", \"y\"],\n"
      "  \"a\": {\"z\": {}, \"c\": []},\n"
      "  \"n\": [1, 2.5, null, true, {\"deep\": \"é\\n\"}]\n"
      "}\n");
}

TEST(JsonStyle, AListOfSeveralObjectsHasALineForEach) {
  EXPECT_EQ(styled(R"({"steps":[{"step":"run"},{"step":"edit","patch":[{"op":"remove"}]}],
                       "one":[{"step":"run"}]})"),
            "{\n"
            "  \"steps\": [\n"
            "    {\"step\": \"run\"},\n"
            "    {\"step\": \"edit\", \"patch\": [{\"op\": \"remove\"}]}\n"
            "  ],\n"
            "  \"one\": [{\"step\": \"run\"}]\n"
            "}\n");
}

TEST(JsonStyle, ALineHasNoMoreColumnsThanItMay) {
  // {"k": ["..."]}, of two-byte characters: columns are counted, not bytes.
  const auto with = [](std::size_t columns) {
    const std::string before = "  \"k\": [\"";
    std::string word;
    for (auto left = columns - before.size() - 2; left > 0; --left) {
      word += "é";
    }
    return std::pair(before + word + "\"]\n", "{\"k\":[\"" + word + "\"]}");
  };
  const auto [fits, short_text] = with(k_json_columns);
  EXPECT_EQ(styled(short_text), "{\n" + fits + "}\n");
  const auto [too_long, long_text] = with(k_json_columns + 1);
  EXPECT_EQ(styled(long_text).find(too_long), std::string::npos);
  EXPECT_THAT(styled(long_text), HasSubstr("  \"k\": [\n    \"é"));
}

TEST(JsonStyle, WhatIsNoListAndNoObjectIsALine) {
  EXPECT_EQ(styled("[]"), "[]\n");
  EXPECT_EQ(styled(" 7 "), "7\n");
  EXPECT_EQ(styled("[1]"), "[\n  1\n]\n");
}

TEST(JsonStyle, RefusesWhatItWouldLoseAndWhatOthersCannotRead) {
  const auto error = [](std::string_view text) {
    const auto result = in_json_style(text, "file.json");
    return result ? "no error: " + *result : result.error().message;
  };
  EXPECT_THAT(error(R"({"a": 1, "a": 2})"), HasSubstr("the key \"a\" stands there twice"));
  EXPECT_THAT(error("{} // so"), HasSubstr("file.json: has comments"));
  EXPECT_THAT(error("{"), HasSubstr("file.json:1:2: not JSON"));
}

// Of all but the schemas.
TEST(JsonStyle, IsThatOfEveryFileThatPeopleWrite) {
  std::size_t files = 0;
  for (const auto* folder : {"matrix", "scenarios"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(data_directory() / folder)) {
      const auto file = entry.path().string();
      if (!file.ends_with(".json") || file.ends_with(".schema.json")) {
        continue;
      }
      ++files;
      const auto text = value_or_throw(read_file(entry.path()));
      EXPECT_EQ(value_or_throw(in_json_style(text, file)), text)
          << "write it again: format_json " << file;
    }
  }
  EXPECT_GT(files, 100U);
}

}  // namespace
}  // namespace cni_matrix::testing_support
