#pragma once

#include "cni/go_cni.hpp"
#include "cni/profile.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <filesystem>
#include <memory>
#include <optional>

namespace cni_matrix::embedded {

struct EmbeddedOptions {
  cni::GoCniSettings cni;    // directories of plugins, configuration and cache
  RuntimeSettings settings;  // as that release understands them; they come on top of `cni`
  std::filesystem::path state = "/var/lib/containerd-embedded";  // pod records, kept over restarts
  // One file for each pod whose task runs, which containerd would ask the pod's shim. A reboot
  // takes them away, since /run is a tmpfs.
  std::filesystem::path tasks = "/run/containerd-embedded/tasks";
  std::filesystem::path netns = "/var/run/netns";  // where pods' namespaces are mounted
  // What containerd would log about the network, and the plugins' stderr, are appended to this
  // file. Empty: there is no log.
  std::filesystem::path log;
  RuntimeTimeouts timeouts;
  std::optional<cni::Profile> profile;  // of the build that is modelled; none: of the release
};

// A runtime that does what the CRI plugin of that containerd release does about the pod network,
// and nothing else: no daemon, no OCI runtime, no image. It runs the real plugins, in the caller's
// network and mount namespaces. Pods may be run from several threads at once, as PodRuntime says.
//
// A further runtime on the same state, of the same version or another, takes over the pods that the
// first one left, and sees of them what that first version had stored.
//
// The watcher of the configuration directory is asked at the start of every call: an edit is seen
// by the very next call, what fsnotify ignores (a file moved in by rename) stays unseen.
//
// Error kind: input, for a version that there is no profile of, where none is given.
Expected<std::unique_ptr<PodRuntime>> make_embedded_runtime(const Version& containerd,
                                                            EmbeddedOptions options = {});

}  // namespace cni_matrix::embedded
