#include "artifacts/address.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::artifacts {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Expected<void> check(const std::string& address) {
  return check_address("--mirror", address, {"https", "http", "file"});
}

TEST(Address, IsTakenWhereAnArchiveCanBe) {
  for (const auto* address : {"https://mirror.example", "http://mirror.example:8080/a/b/",
                              "https://[::1]:8443/x", "https://user:secret@mirror.example/",
                              "http://127.0.0.1", "file:/srv/debian", "file:///srv/debian"}) {
    const auto good = check(address);
    EXPECT_TRUE(good) << good.error().message;
  }
}

TEST(Address, IsRefusedWithItsFault) {
  for (const auto& [address, fault] : {
           std::pair("mirror.example", "begins with https:// or http:// or file:"),
           std::pair("ftp://mirror.example", "begins with"),
           std::pair("https:/mirror.example", "begins with"),
           std::pair("", "begins with"),
           std::pair("https://", "no host"),
           std::pair("https:///debian", "no host"),
           std::pair("https://:8443/x", "no host"),
           std::pair("https://mirror.example:70000", "port"),
           std::pair("https://mirror .example/", "white space"),
           std::pair("https://mirror.example/a b", "white space"),
           std::pair("https://mirror.example\n", "white space or control"),
           std::pair("https://mirror.example/\x01", "white space or control"),
           std::pair("file:srv/debian", "absolute path"),
       }) {
    const auto refused = check(address);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().kind, ErrorKind::input);
    EXPECT_THAT(refused.error().message, HasSubstr(fault)) << address;
  }
}

TEST(Address, ARefusalTellsNoSecret) {
  for (const auto* address :
       {"user:secret@mirror.example", "https://user:secret@", "https://user:sec ret@mirror.example",
        "ftp://user:secret@mirror.example/x", "https://user:secret@mirror.example:70000",
        "https://user:secret/@mirror.example"}) {
    const auto refused = check(address);
    ASSERT_FALSE(refused) << address;
    EXPECT_THAT(refused.error().message, AllOf(Not(HasSubstr("sec")), Not(HasSubstr("user"))));
  }
}

}  // namespace
}  // namespace cni_matrix::artifacts
