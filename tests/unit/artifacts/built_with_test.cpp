#include "artifacts/built_with.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::artifacts {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(BuiltWith, VersionsAreThreeNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {"v0.6.0", "0.6.0"},
      {"0.6.0-1", "0.6.0"},
      {"go1.19.8", "1.19.8"},
      {"go1.21", "1.21.0"},
      {"1.1.0.125.gf243826-4", "1.1.0"},
      {"0.0~git20150413-4", "0.0.0"},
      {"2:1.2.3+ds1-1", "1.2.3"},
      {"v0.6.0 => example.org/fork v0.6.1", "0.6.1"},
      {"(devel)", ""},
      {"", ""},
  };
  for (const auto& [told, plain] : cases) {
    EXPECT_EQ(plain_version(told), plain) << told;
  }
}

TEST(BuiltWith, DebianNamesModulesByPackages) {
  EXPECT_THAT(modules_of_packages("golang-1.19 (= 1.19.8-2), golang-dbus (= 5.1.0-1), "
                                  "golang-github-appc-cni (= 1.1.2-1), "
                                  "golang-github-coreos-go-iptables (= 0.6.0-1), "
                                  "golang-golang-x-sys (= 0.3.0-1), glibc (= 2.36-9), nonsense, "),
              ElementsAre(Pair("github.com/containernetworking/cni", "1.1.2"),
                          Pair("github.com/coreos/go-iptables", "0.6.0"),
                          Pair("github.com/godbus/dbus", "5.1.0"), Pair("go", "1.19.8"),
                          Pair("golang.org/x/sys", "0.3.0")));
  EXPECT_THAT(modules_of_packages(""), ElementsAre());
  // Two versions of one module: nobody knows which is called.
  EXPECT_THAT(modules_of_packages("golang-1.19 (= 1.19.8-2), golang-1.20 (= 1.20.1-1)"),
              ElementsAre(Pair("go", "")));
}

TEST(BuiltWith, BuildsThatDoNotTellAreKnownByTheirDigests) {
  const auto file = value_or_throw(load_json(data_directory() / "matrix" / "builds.json"));
  ASSERT_TRUE(check_schema(file, "builds", "builds.json"));
  std::size_t digests = 0;
  for (const auto& build : file.at("builds")) {
    EXPECT_TRUE(build.at("modules").contains("github.com/coreos/go-iptables")) << build.at("what");
    digests += build.at("sha256").size();
  }
  EXPECT_GT(digests, 40U);
}

TEST(BuiltWith, ScriptsHaveNoPartInIt) {
  const auto directory = *TemporaryDirectory::create();
  ASSERT_TRUE(write_file(directory.path() / "acme", "#!/bin/sh\n"));
  const auto modules = modules_in(directory.path(), {{"acme", std::string(64, '0')}});
  ASSERT_TRUE(modules);
  EXPECT_TRUE(modules->empty());
}

}  // namespace
}  // namespace cni_matrix::artifacts
