#pragma once

#include "profile.hpp"

#include "go/json_parse.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::cni {

// An environment variable that plugins called by a LibcniCaller have, and those called by a
// runtime have not.
inline constexpr std::string_view k_caller_mark = "CNI_MATRIX_CALLER";

// A pod with an attachment, made by whatever runtime.
struct AttachedPod {
  std::string id;     // of the sandbox
  std::string netns;  // path
  PodSpec spec;
};

// Asks of a network's plugins what containerd never does, with the libcni of that containerd:
// CHECK, GC (SPEC 1.1.0, section 2) and a second ADD of the same interface. It works on the
// attachments that are there, with CNI_ARGS and capabilities as in their cached result; where the
// cache does not have them (libcni 0.7), as that containerd would pass them.
//
// Inside a node: plugins of /opt/cni/bin, the cache of /var/lib/cni. Errors are libcni's texts.
class LibcniCaller {
 public:
  // `configuration`: the network configuration list that the runtime has loaded, as it shows it.
  // Every call has `limit`, then its plugins are killed. Error kind: input, for a configuration
  // that this libcni refuses.
  static Expected<LibcniCaller> create(const Profile& profile, const std::string& configuration,
                                       std::chrono::milliseconds limit);
  LibcniCaller(LibcniCaller&&) noexcept;
  LibcniCaller& operator=(LibcniCaller&&) noexcept;
  LibcniCaller(const LibcniCaller&) = delete;
  LibcniCaller& operator=(const LibcniCaller&) = delete;
  ~LibcniCaller();

  go::Decoded<void> add(const AttachedPod& pod);
  go::Decoded<void> check(const AttachedPod& pod);
  // The interfaces eth0 of these pods are valid, and no others.
  go::Decoded<void> collect_garbage(const std::vector<AttachedPod>& valid);

 private:
  struct Impl;
  explicit LibcniCaller(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

// Why this containerd's libcni cannot collect garbage; empty when it can.
std::string lack_of_garbage_collection(const Profile& profile);

}  // namespace cni_matrix::cni
