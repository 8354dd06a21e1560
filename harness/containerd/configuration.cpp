#include "prepared_root.hpp"
#include "runtime.hpp"

#include "runtime/node_layout.hpp"
#include "runtime/release_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

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

// The settings as `key = value` lines of the table cni.
std::string cni_options(const RuntimeSettings& settings) {
  std::string lines;
  const auto add = [&lines](std::string_view key, std::string_view value) {
    lines += fmt::format("    {} = {}\n", key, value);
  };
  if (!settings.bin_dir.empty() || settings.bin_dirs.empty()) {
    add("bin_dir", toml_string(settings.bin_dir.empty() ? layout::k_cni_bin : settings.bin_dir));
  }
  if (!settings.bin_dirs.empty()) {
    std::vector<std::string> directories;
    std::transform(settings.bin_dirs.begin(), settings.bin_dirs.end(),
                   std::back_inserter(directories), toml_string);
    add("bin_dirs", fmt::format("[{}]", fmt::join(directories, ", ")));
  }
  add("conf_dir", toml_string(layout::k_cni_conf));
  if (settings.max_conf_num) {
    add("max_conf_num", std::to_string(*settings.max_conf_num));
  }
  if (settings.setup_serially) {
    add("setup_serially", "true");
  }
  if (settings.internal_loopback) {
    add("use_internal_loopback", "true");
  }
  if (!settings.ip_pref.empty()) {
    add("ip_pref", toml_string(settings.ip_pref));
  }
  if (!settings.conf_template.empty()) {
    add("conf_template", toml_string(k_conf_template));
  }
  return lines;
}

// `table` is that of the CRI plugin that has the runtimes.
std::string runtime_table(const ContainerdOptions& options, std::string_view table,
                          const std::string& name, const RuntimeSettings::Handler& handler) {
  auto text = fmt::format(
      R"(    [plugins."{table}".containerd.runtimes.{name}]
      runtime_type = "io.containerd.runc.v2"
)",
      fmt::arg("table", table), fmt::arg("name", name));
  if (!handler.conf_dir.empty()) {
    text += fmt::format("      cni_conf_dir = {}\n", toml_string(handler.conf_dir));
  }
  if (handler.max_conf_num != 0) {
    text += fmt::format("      cni_max_conf_num = {}\n", handler.max_conf_num);
  }
  return text + fmt::format(
                    R"(      [plugins."{table}".containerd.runtimes.{name}.options]
        BinaryName = {wrapper}
)",
                    fmt::arg("table", table), fmt::arg("name", name),
                    fmt::arg("wrapper", toml_string(options.runc_wrapper.string())));
}

// Up to version 2 one plugin has all of CRI; from 3 on the images have a table of their own.
std::string cri_tables(const ContainerdOptions& options) {
  const auto facts = release_facts(options.version);
  const bool split = options.settings.config_version > 2;
  const std::string_view table =
      split ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri";
  std::string text;
  if (split) {
    text += fmt::format(R"([plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = {}

)",
                        toml_string(k_pause_image));
  }
  text += fmt::format("[plugins.\"{}\"]\n", table);
  if (!split) {
    text += fmt::format("  sandbox_image = {}\n", toml_string(k_pause_image));
  }
  text += "  disable_apparmor = true\n  restrict_oom_score_adj = true\n";
  if (facts.knows_disable_cgroup) {
    text += "  disable_cgroup = true\n";  // else the OCI runtime wrapper does it
  }
  if (facts.writes_pod_sysctls) {
    // A user namespace with one id refuses them.
    text += "  enable_unprivileged_ports = false\n  enable_unprivileged_icmp = false\n";
  }
  text += fmt::format("  [plugins.\"{}\".cni]\n{}", table, cni_options(options.settings));
  text += fmt::format("  [plugins.\"{}\".containerd]\n{}    default_runtime_name = \"runc\"\n",
                      table, split ? "" : "    snapshotter = \"native\"\n");
  text += runtime_table(options, table, "runc", {});
  for (const auto& [name, handler] : options.settings.handlers) {
    text += runtime_table(options, table, name, handler);
  }
  return text;
}

}  // namespace

std::string cri_package(const Version& version) {
  return release_facts(version).speaks_v1 ? "runtime.v1" : "runtime.v1alpha2";
}

// A version 2 file with the table of the CRI plugin before 2.0 is accepted by 1.4 to 2.x, which
// migrates it; so there is one text and only single options depend on the version.
std::string configuration_text(const ContainerdOptions& options) {
  const int version = options.settings.config_version;
  return fmt::format(
             R"(version = {version}
root = {root}
state = {state}
disabled_plugins = [{disabled}]

[{server}]
  address = {socket}

[debug]
  level = "info"

[plugins."io.containerd.gc.v1.scheduler"]
  startup_delay = "1h"

)",
             fmt::arg("version", version), fmt::arg("root", toml_string(options.root.string())),
             fmt::arg("state", toml_string(options.state.string())),
             fmt::arg("disabled", k_disabled_plugins),
             fmt::arg("server", version > 3 ? "plugins.\"io.containerd.server.v1.grpc\"" : "grpc"),
             fmt::arg("socket", toml_string(options.socket.string()))) +
         cri_tables(options);
}

}  // namespace cni_matrix::containerd
