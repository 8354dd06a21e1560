#include "story.hpp"

#include "base/try.hpp"

namespace cni_matrix::scenario {

Expected<void> Story::runs(const std::string& pod, const KnownPod& started) {
  if (const auto before = m_pods.find(pod);
      before != m_pods.end() && before->second.certain && !before->second.removed) {
    return refusal("the pod \"{}\" is still there; remove it before, or name another one", pod);
  }
  m_pods[pod] = started;
  return {};
}

Expected<void> Story::check_known(const std::string& pod) const {
  if (!m_pods.contains(pod)) {
    return refusal("no step before it runs the pod \"{}\"", pod);
  }
  return {};
}

Expected<void> Story::check_there(const std::string& pod, const Step& step) const {
  TRY(check_known(pod));
  if (m_pods.at(pod).removed && !step.expect) {
    return refusal("the pod \"{}\" was removed before", pod);
  }
  return {};
}

Expected<void> Story::check_runs(const std::string& name) const {
  TRY(check_known(name));
  const auto& pod = m_pods.at(name);
  const auto* why = !pod.certain       ? "may not run then"
                    : pod.group        ? "is a group; name one of its pods, as in a-1"
                    : pod.removed      ? "was removed before"
                    : pod.stopped      ? "was stopped before"
                    : pod.netns_gone   ? "has lost its network namespace before"
                    : pod.host_network ? "has the node's network"
                                       : nullptr;
  if (why != nullptr) {
    return refusal("the pod \"{}\" {}", name, why);
  }
  return {};
}

Expected<void> Story::check_config_directory() const {
  if (config_directory_gone) {
    return refusal(
        "the configuration directory was removed before; make-config-dir makes it again");
  }
  return {};
}

}  // namespace cni_matrix::scenario
