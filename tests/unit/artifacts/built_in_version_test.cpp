#include "artifacts/built_in_version.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cni_matrix::artifacts {
namespace {

TEST(BuiltInVersion, IsThatOfTheComponentAlone) {
  const auto of = [](Component component, const std::string& path, const std::string& version,
                     const std::string& flags = {}) {
    go::BuildInfo info;
    info.main_path = path;
    info.main_version = version;
    if (!flags.empty()) {
      info.settings["-ldflags"] = flags;
    }
    const auto found = built_in_version(component, info);
    return found ? found->str() : "none";
  };
  EXPECT_EQ(of(Component::containerd, "github.com/containerd/containerd", "v1.6.2"), "1.6.2");
  EXPECT_EQ(of(Component::containerd, "github.com/containerd/containerd/v2", "v2.1.0+dirty"),
            "2.1.0");
  EXPECT_EQ(of(Component::containerd, "github.com/containerd/containerd", "(devel)"), "none");
  EXPECT_EQ(of(Component::containerd, "github.com/containerd/containerd",
               "v1.6.3-0.20220101120000-0123456789ab"),
            "none");
  EXPECT_EQ(of(Component::containerd, "example.org/fork", "v9.9.9"), "none");
  EXPECT_EQ(of(Component::containerd, "github.com/containerd/containerd", "(devel)",
               "-X github.com/containerd/containerd/version.Version=v1.6.4 -X main.x=1"),
            "1.6.4");
  EXPECT_EQ(of(Component::plugins, "github.com/containernetworking/plugins", "(devel)",
               "-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion="
               "v1.1.1"),
            "1.1.1");
  EXPECT_EQ(of(Component::runc, "github.com/opencontainers/runc", "(devel)",
               "-w -X main.gitCommit=v9.9.9 -X main.version=1.1.5 "),
            "1.1.5");
  EXPECT_EQ(of(Component::runc, "", "", "-X example.org/domain.version=1.1.5"), "none");
}

}  // namespace
}  // namespace cni_matrix::artifacts
