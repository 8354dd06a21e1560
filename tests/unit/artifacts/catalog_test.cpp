#include "artifacts/catalog.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::artifacts {
namespace {

using testing::HasSubstr;

Version version(std::string_view text) {
  return *Version::parse(text);
}

TEST(CatalogTest, OursFollowsItsSchema) {
  const auto json = load_json(data_directory() / "matrix" / "catalog.json");
  ASSERT_TRUE(json) << json.error().message;
  const auto checked = check_schema(*json, "catalog", "catalog.json");
  EXPECT_TRUE(checked) << checked.error().message;
}

TEST(CatalogTest, NamesFilesAsUpstreamDoes) {
  const auto catalog = Catalog::load();
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto containerd = catalog->find(Component::containerd, version("1.6.2"), "amd64");
  ASSERT_TRUE(containerd) << containerd.error().message;
  EXPECT_EQ(containerd->url,
            "https://github.com/containerd/containerd/releases/download/v1.6.2/"
            "containerd-1.6.2-linux-amd64.tar.gz");
  EXPECT_EQ(containerd->name, "containerd-1.6.2-linux-amd64.tar.gz");
  EXPECT_EQ(containerd->sha256, "3d94f887de5f284b0d6ee61fa17ba413a7d60b4bb27d756a402b713a53685c6a");

  const auto old_plugins = catalog->find(Component::plugins, version("0.7.5"), "arm64");
  ASSERT_TRUE(old_plugins);
  EXPECT_EQ(old_plugins->name, "cni-plugins-arm64-v0.7.5.tgz");
  const auto plugins =
      catalog->find(Component::plugins, version("1.1.1"), "arm64", "https://mirror.example/gh/");
  ASSERT_TRUE(plugins);
  EXPECT_EQ(plugins->url,
            "https://mirror.example/gh/containernetworking/plugins/releases/download/v1.1.1/"
            "cni-plugins-linux-arm64-v1.1.1.tgz");
  const auto runc = catalog->find(Component::runc, version("1.1.0"), "amd64");
  ASSERT_TRUE(runc);
  EXPECT_EQ(runc->name, "runc.amd64");
}

TEST(CatalogTest, BothArchitecturesAreThere) {
  const auto catalog = Catalog::load();
  ASSERT_TRUE(catalog);
  for (const auto component : {Component::containerd, Component::plugins, Component::runc}) {
    for (const char* architecture : {"amd64", "arm64"}) {
      EXPECT_GE(catalog->versions(component, architecture).size(), 28U)
          << name_of(component) << " " << architecture;
    }
  }
}

TEST(CatalogTest, WithoutADigestThereIsNoFile) {
  const auto catalog = Catalog::load();
  ASSERT_TRUE(catalog);
  const auto unknown = catalog->find(Component::containerd, version("99.0.0"), "amd64");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(unknown.error().message, HasSubstr("no digest of containerd 99.0.0"));
  const auto other = catalog->find(Component::containerd, version("1.6.2"), "mips");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("for mips"));
}

class UserCatalogTest : public testing::Test {
 protected:
  Expected<Catalog> load(std::string_view text) {
    m_directory = *TemporaryDirectory::create();
    const auto file = m_directory->path() / "mine.json";
    EXPECT_TRUE(write_file(file, text));
    return Catalog::load({file});
  }
  std::optional<TemporaryDirectory> m_directory;
};

TEST_F(UserCatalogTest, AddsAVersion) {
  const auto catalog = load(R"({"containerd": {
    "base": "https://example.org",
    "paths": [{"versions": "*", "path": "c-{version}-{arch}.tgz"}],
    "releases": {"99.0.0": {"amd64": ")" +
                            std::string(64, 'a') + R"("}}}})");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto file = catalog->find(Component::containerd, version("99.0.0"), "amd64");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->url, "https://example.org/c-99.0.0-amd64.tgz");
  EXPECT_TRUE(catalog->find(Component::containerd, version("1.6.2"), "amd64"));
}

TEST_F(UserCatalogTest, RefusesWhatIsNoDigest) {
  const auto catalog = load(R"({"containerd": {
    "base": "https://example.org", "paths": [{"versions": "*", "path": "x"}],
    "releases": {"99.0.0": {"amd64": "abc"}}}})");
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().kind, ErrorKind::input);
  EXPECT_THAT(catalog.error().message, HasSubstr("mine.json"));
  EXPECT_THAT(catalog.error().message, HasSubstr("/containerd/releases/99.0.0/amd64"));
}

TEST_F(UserCatalogTest, RefusesAVersionWithoutAPath) {
  const auto catalog = load(R"({"runc": {
    "base": "https://example.org", "paths": [{"versions": "<1.0.0", "path": "x"}],
    "releases": {"99.0.0": {"amd64": ")" +
                            std::string(64, 'a') + R"("}}}})");
  ASSERT_FALSE(catalog);
  EXPECT_THAT(catalog.error().message, HasSubstr("no path is given for version 99.0.0"));
}

}  // namespace
}  // namespace cni_matrix::artifacts
