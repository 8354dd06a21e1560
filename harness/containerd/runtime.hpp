#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

// The real containerd, inside a node: the caller is root of the node's network, mount and PID
// namespaces and sees the paths of runtime/node_layout.hpp.
namespace cni_matrix::containerd {

// Put there by whoever makes the node. runc is a link to (or a bind of) the real program, which
// runc-wrapper executes; it has a fixed place so that nothing is taken from the environment.
inline constexpr const char* k_runc_wrapper = "/run/cni-matrix/runc-wrapper";
inline constexpr const char* k_runc = "/run/cni-matrix/runc";

// Where the text of RuntimeSettings::conf_template is put, beside the configuration directory.
inline constexpr const char* k_conf_template = "/etc/cni/template.conflist";

struct ContainerdOptions {
  std::filesystem::path binaries;  // folder with containerd, ctr and the shims, as the node sees it
  Version version;                 // what that containerd is; decides the CRI version
  std::filesystem::path root = "/var/lib/containerd";
  std::filesystem::path state = "/run/containerd";
  std::filesystem::path socket = "/run/containerd/containerd.sock";
  std::filesystem::path config = "/run/cni-matrix/containerd.toml";
  std::filesystem::path log = "/run/cni-matrix/logs/containerd.log";  // appended
  std::filesystem::path pod_logs = "/run/cni-matrix/open/pods";
  std::filesystem::path runc_wrapper = k_runc_wrapper;  // BinaryName of the runtime
  RuntimeSettings settings;
  RuntimeTimeouts timeouts;
};

// The daemon is started by start(), and killed with the object; its pods live on in their shims.
// A further object on the same root and state, with the same or another version's binaries, takes
// over what this one left.
std::unique_ptr<PodRuntime> make_containerd_runtime(ContainerdOptions options);

// The configuration file in TOML: as that version takes it, where the settings are for that
// version.
std::string configuration_text(const ContainerdOptions& options);

// "runtime.v1" or "runtime.v1alpha2": containerd up to 1.5 speaks only the latter, 2.x only the
// former.
std::string cri_package(const Version& version);

}  // namespace cni_matrix::containerd
