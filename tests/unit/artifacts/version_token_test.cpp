#include <cni_matrix/artifacts/artifact.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::artifacts {
namespace {

using testing::HasSubstr;
using Kind = VersionToken::Kind;

TEST(VersionTokenTest, BareVersion) {
  const auto token = VersionToken::parse("1.6.20");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->kind, Kind::version);
  EXPECT_EQ(token->version->str(), "1.6.20");
  EXPECT_EQ(token->text, "1.6.20");
}

TEST(VersionTokenTest, Release) {
  const auto token = VersionToken::parse("release:v2.0.0-rc.1");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->kind, Kind::release);
  EXPECT_EQ(token->version->str(), "2.0.0-rc.1");
}

TEST(VersionTokenTest, Overlay) {
  const auto token = VersionToken::parse("dir:/opt/c++/bin@1.1.1+debian:bookworm+dir:/opt/a+b");
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->kind, Kind::overlay);
  ASSERT_EQ(token->parts.size(), 3U);
  EXPECT_EQ(token->parts[0].directory, "/opt/c++/bin");
  EXPECT_EQ(token->parts[1].suite, "bookworm");
  EXPECT_EQ(token->parts[2].directory, "/opt/a+b");
  EXPECT_EQ(token->version->str(), "1.1.1");
  EXPECT_TRUE(token->has_directory());
  EXPECT_EQ(token->text, "dir:/opt/c++/bin@1.1.1+debian:bookworm+dir:/opt/a+b");
  EXPECT_FALSE(VersionToken::parse("debian:bookworm")->has_directory());
  EXPECT_THAT(VersionToken::parse("+dir:/opt/cni/bin").error().message,
              HasSubstr("is no version token"));
  EXPECT_THAT(VersionToken::parse("1.6.20+dir:").error().message, HasSubstr("names no directory"));
}

TEST(VersionTokenTest, Debian) {
  const auto token = VersionToken::parse("debian:bookworm");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->kind, Kind::debian);
  EXPECT_EQ(token->suite, "bookworm");
}

TEST(VersionTokenTest, Directory) {
  const auto plain = VersionToken::parse("dir:/opt/cni/bin");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->kind, Kind::directory);
  EXPECT_EQ(plain->directory, "/opt/cni/bin");
  EXPECT_FALSE(plain->version);

  const auto versioned = VersionToken::parse("dir:/home/a@b/bin@1.6.2");
  ASSERT_TRUE(versioned);
  EXPECT_EQ(versioned->directory, "/home/a@b/bin");
  EXPECT_EQ(versioned->version->str(), "1.6.2");

  const auto at_in_path = VersionToken::parse("dir:/home/a@b/bin");
  ASSERT_TRUE(at_in_path);
  EXPECT_EQ(at_in_path->directory, "/home/a@b/bin");
  EXPECT_FALSE(at_in_path->version);
}

TEST(VersionTokenTest, WhatIsNoToken) {
  for (const char* text : {"", "latest", "1.x", "release:", "release:new", "debian:", "debian:../x",
                           "debian:Bookworm", "dir:", "dir:@1.6.2", "dir:/x@1.6.y", "snap:1.6.2"}) {
    const auto token = VersionToken::parse(text);
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().kind, ErrorKind::input) << text;
    EXPECT_THAT(token.error().message, HasSubstr(text)) << text;
  }
}

}  // namespace
}  // namespace cni_matrix::artifacts
