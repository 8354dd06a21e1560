#include <cni_matrix/containerd/containerd_runtime.hpp>
#include <cni_matrix/containerd/prepared_root.hpp>
#include <cni_matrix/node/layout.hpp>

#include <fmt/format.h>

namespace cni_matrix::containerd {
namespace {

// What a pod sandbox does not need and what costs time, or fails, in a node. A name that a version
// does not know is ignored by it. These stay, since others depend on them: runtime.v1.linux (the
// task service before 2.0) and image-verifier (the image service of 2.x).
constexpr std::string_view k_disabled_plugins = R"(
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.monitor.container.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.monitor.v1.cgroups",
  "io.containerd.monitor.task.v1.cgroups",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.differ.v1.erofs",
)";

// A TOML basic string.
std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result + '"';
}

}  // namespace

std::string cri_package(const Version& version) {
  return version.major > 1 || version.minor >= 6 ? "runtime.v1" : "runtime.v1alpha2";
}

// A version 2 file with the table of the CRI plugin before 2.0 is accepted by 1.4 to 2.x, which
// migrates it; so there is one text and only single options depend on the version.
std::string configuration_text(const ContainerdOptions& options) {
  const bool v2 = options.version.major >= 2;
  std::string cri_options;
  if (!v2) {
    cri_options +=
        "  disable_cgroup = true\n";  // gone in 2.0; the OCI runtime wrapper does it there
  }
  if (v2 || options.version.minor >= 6) {
    // They write sysctls that a user namespace with one id refuses.
    cri_options += "  enable_unprivileged_ports = false\n  enable_unprivileged_icmp = false\n";
  }
  return fmt::format(
      R"(version = 2
root = {root}
state = {state}
disabled_plugins = [{disabled}]

[grpc]
  address = {socket}

[debug]
  level = "info"

[plugins."io.containerd.gc.v1.scheduler"]
  startup_delay = "1h"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {image}
  disable_apparmor = true
  restrict_oom_score_adj = true
{cri_options}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {cni_bin}
    conf_dir = {cni_conf}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = {wrapper}
)",
      fmt::arg("root", toml_string(options.root.string())),
      fmt::arg("state", toml_string(options.state.string())),
      fmt::arg("disabled", k_disabled_plugins),
      fmt::arg("socket", toml_string(options.socket.string())),
      fmt::arg("image", toml_string(k_pause_image)), fmt::arg("cri_options", cri_options),
      fmt::arg("cni_bin", toml_string(node::k_cni_bin)),
      fmt::arg("cni_conf", toml_string(node::k_cni_conf)),
      fmt::arg("wrapper", toml_string(options.runc_wrapper.string())));
}

}  // namespace cni_matrix::containerd
