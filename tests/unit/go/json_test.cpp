#include "go/json.hpp"

#include "go/decode.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::go {
namespace {

std::string syntax_error(std::string_view text) {
  const auto value = parse(text);
  return value ? "none" : value.error();
}

TEST(GoJson, SyntaxErrorsAreGos) {
  EXPECT_EQ(syntax_error(""), "unexpected end of JSON input");
  EXPECT_EQ(syntax_error("{"), "unexpected end of JSON input");
  EXPECT_EQ(syntax_error(R"({"a":1,})"),
            "invalid character '}' looking for beginning of object key string");
  EXPECT_EQ(syntax_error("[1,]"), "invalid character ']' looking for beginning of value");
  EXPECT_EQ(syntax_error("[1 2]"), "invalid character '2' after array element");
  EXPECT_EQ(syntax_error("{} x"), "invalid character 'x' after top-level value");
  EXPECT_EQ(syntax_error("tru3"), "invalid character '3' in literal true (expecting 'e')");
  EXPECT_EQ(syntax_error("'"), R"(invalid character '\'' looking for beginning of value)");
  EXPECT_EQ(syntax_error("\"a\nb\""), R"(invalid character '\n' in string literal)");
  EXPECT_EQ(syntax_error(std::string(100'000, '[')), "exceeded max depth");
  EXPECT_EQ(syntax_error(std::string(1'000, '[') + std::string(1'000, ']')), "none");
}

TEST(GoJson, MarshalsMapsSortedAndEscaped) {
  const auto value =
      parse(R"({"b":"<&>\u2028","a":[1.0,1e21,1e-7,12345678901234567890],"b":"\u0007/"})");
  ASSERT_TRUE(value);
  const auto map = as_interface(*value);
  ASSERT_TRUE(map);
  EXPECT_EQ(marshal(*map), R"({"a":[1,1e+21,1e-7,12345678901234567000],"b":"\u0007/"})");
  EXPECT_EQ(marshal(Value::of("<&>\u2028")), R"("\u003c\u0026\u003e\u2028")");
}

TEST(GoJson, RefusesNumbersBeyondFloat64) {
  const auto map = as_interface(*parse("[1e400]"));
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error(), "json: cannot unmarshal number 1e400 into Go value of type float64");
}

TEST(GoJson, QuotesAsGo) {
  EXPECT_EQ(quote("a\"b\\\n\x01\xff\u00e9"), "\"a\\\"b\\\\\\n\\x01\\xff\u00e9\"");
}

TEST(GoJson, SprintfWithoutOperandsMarksVerbs) {
  EXPECT_EQ(sprintf_without_operands("100% of '%' and %%"), "100%!o(MISSING)f '%!'(MISSING) and %");
}

TEST(GoDecode, FieldsMatchWithoutCaseAndTheLastWins) {
  std::string type;
  StructDecoder d;
  d.object(*parse(R"({"TYPE":"a","type":"b","Type":"c"})"), "types.NetConf", "NetConf",
           {{"type", [&](const Value& v) { return d.string(v, type); }}});
  EXPECT_FALSE(d.error());
  EXPECT_EQ(type, "c");
}

TEST(GoDecode, TypeErrorsNameTheField) {
  EXPECT_EQ(decode_version(R"({"cniVersion":5})").error(),
            "decoding version from network config: json: cannot unmarshal number into Go struct "
            "field .cniVersion of type string");
}

}  // namespace
}  // namespace cni_matrix::go
