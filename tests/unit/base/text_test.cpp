#include "base/text.hpp"

#include <gmock/gmock.h>

namespace cni_matrix {
namespace {

using testing::ElementsAre;

TEST(Text, SplitsAndTrims) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_EQ(trim(" \t a b \n"), "a b");
  EXPECT_EQ(trim("  "), "");
}

TEST(Text, MakesBytesPrintable) {
  EXPECT_EQ(printable("plain\n\tü€😀"), "plain\n\tü€😀");
  EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");                // C1 CSI
}

TEST(Text, MatchesGlobs) {
  EXPECT_TRUE(glob_match("1.6.*/*/lifecycle", "1.6.2/0.9.0/lifecycle"));
  EXPECT_FALSE(glob_match("1.6.?", "1.6.20"));
  EXPECT_TRUE(glob_match("*", ""));
}

TEST(Text, SuggestsWhatIsNear) {
  EXPECT_EQ(did_you_mean("lifecylce", {"lifecycle", "repair"}), "; did you mean lifecycle?");
  EXPECT_EQ(did_you_mean("zzz", {"lifecycle"}), "");
}

TEST(Utf8, IsToldFromOtherBytes) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(
      is_utf8("br\xc3\xbc"
              "cke\n"));
  EXPECT_FALSE(is_utf8("caf\xe9"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));  // a surrogate
  EXPECT_FALSE(is_utf8("\xc0\xaf"));      // overlong
}

TEST(Text, WhereThereIsNothingNothingIsSuggested) {
  EXPECT_EQ(suggestion("word", {}), "");
  EXPECT_EQ(suggestion("word", {"work"}), "; did you mean work?");
  EXPECT_EQ(suggestion("word", {"quite", "another"}), "; there are quite, another");
}

TEST(Text, CredentialsOfAnAddressAreLeftOut) {
  for (const auto& [text, shown] : {
           std::pair("https://user:secret@mirror.example/x", "https://***@mirror.example/x"),
           std::pair("https://token@mirror.example:8443", "https://***@mirror.example:8443"),
           std::pair("http://u:p@a/x and http://b/y, ftp://v:q@c",
                     "http://***@a/x and http://b/y, ftp://***@c"),
           // No address, and what may be a part of one.
           std::pair("https://u:p/w@mirror/x", "https://***@mirror/x"),
           std::pair("'http://u:'p@mirror/debian bookworm'", "'http://***@mirror/debian bookworm'"),
           std::pair("https://mirror.example/x", "https://mirror.example/x"),
           std::pair("a user@host, https://", "a user@host, https://"),
           std::pair("", ""),
       }) {
    EXPECT_EQ(without_credentials(text), shown);
  }
}

}  // namespace
}  // namespace cni_matrix
