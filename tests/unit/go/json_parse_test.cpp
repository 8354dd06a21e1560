#include "go/json_parse.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::go {
namespace {

std::string syntax_error(std::string_view text) {
  const auto value = parse(text);
  return value ? "none" : value.error();
}

TEST(GoJsonParse, SyntaxErrorsAreGos) {
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

}  // namespace
}  // namespace cni_matrix::go
