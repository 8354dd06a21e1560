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

// As a containerd of Go 1.27 said it of its configuration.
TEST(GoJsonParse, SyntaxErrorsOfTheNewerPackageAreItsOwn) {
  const auto error = [](std::string_view text) {
    const auto value = parse(text, JsonPackage::v2);
    return value ? "none" : value.error();
  };
  for (const auto* text : {"nul", "-", "1.", "1e", R"("\)", R"({"a":nul)", R"({"a")"}) {
    EXPECT_EQ(error(text), "unexpected end of JSON input") << text;
  }
  EXPECT_EQ(error("trux"), "invalid character 'x' in literal true (expecting 'e')");
  EXPECT_EQ(error("1.x"), "invalid character 'x' in numeric literal");
  EXPECT_EQ(error("1ex"), "invalid character 'x' in numeric literal");
  EXPECT_EQ(error(R"("\x")"), R"(invalid escape sequence `\x` in string)");
  EXPECT_EQ(error(R"({"a":"\q"})"), R"(invalid escape sequence `\q` in string)");
  EXPECT_EQ(error(R"("\u12")"), R"(invalid escape sequence `\u12"` in string)");
  EXPECT_EQ(error(R"("\u12xy")"), R"(invalid escape sequence `\u12xy` in string)");
  EXPECT_EQ(error("\"a\nb\""), R"(invalid character '\n' in string)");
  EXPECT_EQ(error("\"a\x01\""), R"(invalid character '\x01' in string)");
  EXPECT_EQ(error("\xEF\xBB\xBF{}"),
            R"(invalid character '\ufeff' looking for beginning of value)");
  EXPECT_EQ(error("{} // c"), "invalid character '/' after top-level value");
  EXPECT_EQ(error("'"), R"(invalid character '\'' looking for beginning of value)");
}

}  // namespace
}  // namespace cni_matrix::go
