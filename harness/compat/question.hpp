#pragma once

#include "answer.hpp"

#include <cni_matrix/base/exit_status.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace cni_matrix::compat {

// What the command line asks.
struct Asked {
  // Versions ("1.6.20"), ranges ("1.6.*", ">=1.6.4", "*") or suites ("debian:bookworm").
  std::vector<std::string> containerd;
  std::vector<std::string> plugins;
  std::vector<std::string> conflists;     // as matrix::Selection has them; none: bridge-portmap
  std::vector<std::string> cni_versions;  // none: each list's own; of bridge-portmap, all of them
  std::vector<std::string> kubernetes;    // "1.24"
};

// What Kubernetes has to say of a containerd.
struct KubernetesNote {
  std::string kubernetes;                // "1.24"
  std::vector<std::string> recommended;  // "1.6.4+": that and later 1.6.x
  bool is_recommended = false;
  // It speaks no version of CRI that this containerd does, and why where a known behaviour says it.
  bool cannot_talk = false;
  const verdict::KnownBehaviour* why = nullptr;
};

// One stack and one list, with each cniVersion that is asked for.
struct Reply {
  Version containerd;
  Version plugins;
  std::shared_ptr<const NetworkList> list;
  // The list is there to learn what works, and one cniVersion is enough; else each counts.
  bool one_is_enough = false;
  std::vector<Answer> answers;
  std::vector<KubernetesNote> kubernetes;

  // 0: it works; 1: it does not; 4: nobody tried it.
  [[nodiscard]] ExitStatus status() const;
  // "cni-matrix run --containerd 1.6.2 ...": what tries it.
  [[nodiscard]] std::string command() const;
};

// In the order of what is asked: lists, containerd, plugins. Error kind: input, for what is asked.
Expected<std::vector<Reply>> reply(const Knowledge& knowledge, const Asked& asked);

// 1 before 4 before 0.
ExitStatus status_of(const std::vector<Reply>& replies);

}  // namespace cni_matrix::compat
