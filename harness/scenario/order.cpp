#include "order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace cni_matrix::scenario {

namespace {

// A pod, or a group, as far as the steps before tell.
struct KnownPod {
  bool certain = true;  // its run is not conditional and is not meant to fail
  bool group = false;
  bool host_network = false;
  bool stopped = false;
  bool removed = false;
  bool netns_gone = false;
};

class PodOrder {
 public:
  explicit PodOrder(std::string_view name) : m_name(name) {}

  Expected<void> take(const Step& step, std::size_t i) {
    switch (step.kind) {
      case StepKind::run:
        return run(step, i);
      case StepKind::stop:
      case StepKind::remove: {
        CNI_MATRIX_TRY(check_known(step.pod, i));
        auto& pod = m_pods[step.pod];
        const bool done = step.condition == Condition::always && !step.expect;
        pod.stopped = pod.stopped || done;
        pod.removed = pod.removed || (done && step.kind == StepKind::remove);
        return {};
      }
      case StepKind::status:
      case StepKind::probe:
      case StepKind::addresses:
        CNI_MATRIX_TRY(check_there(step, step.pod, i));
        return step.with.empty() ? Expected<void>{} : check_there(step, step.with, i);
      case StepKind::add:
      case StepKind::check:
        return check_there(step, step.pod, i);
      case StepKind::gc:
        for (const auto& pod : step.valid.value_or(std::vector<std::string>{})) {
          CNI_MATRIX_TRY(check_known(pod, i));
        }
        return {};
      case StepKind::delete_netns:
        CNI_MATRIX_TRY(check_runs(step, i));
        m_pods[step.pod].netns_gone = true;
        return {};
      case StepKind::damage_attachment:
      case StepKind::kill_pause:
      case StepKind::kill_shim:
        return check_runs(step, i);
      default:
        return {};
    }
  }

 private:
  template <typename... Args>
  tl::unexpected<Error> refusal(std::size_t i, fmt::format_string<Args...> text,
                                Args&&... args) const {
    return input_error("{}: /steps/{}: {}", m_name, i,
                       fmt::format(text, std::forward<Args>(args)...));
  }

  Expected<void> run(const Step& step, std::size_t i) {
    const bool certain = step.condition == Condition::always && !step.expect;
    if (const auto before = m_pods.find(step.pod);
        before != m_pods.end() && before->second.certain && !before->second.removed) {
      return refusal(i, "the pod \"{}\" is still there; remove it before, or name another one",
                     step.pod);
    }
    m_pods[step.pod] = {certain, step.count > 0, step.host_network, false, false, false};
    return {};
  }

  Expected<void> check_known(const std::string& pod, std::size_t i) const {
    if (!m_pods.contains(pod)) {
      return refusal(i, "no step before it runs the pod \"{}\"", pod);
    }
    return {};
  }

  // A step that only looks: what it meets may be meant to fail.
  Expected<void> check_there(const Step& step, const std::string& pod, std::size_t i) const {
    CNI_MATRIX_TRY(check_known(pod, i));
    if (m_pods.at(pod).removed && !step.expect) {
      return refusal(i, "the pod \"{}\" was removed before", pod);
    }
    return {};
  }

  // A step that does something to the node in the pod's place.
  Expected<void> check_runs(const Step& step, std::size_t i) const {
    CNI_MATRIX_TRY(check_known(step.pod, i));
    const auto& pod = m_pods.at(step.pod);
    const auto* why = !pod.certain       ? "may not run then"
                      : pod.group        ? "is a group; name one of its pods, as in a-1"
                      : pod.removed      ? "was removed before"
                      : pod.stopped      ? "was stopped before"
                      : pod.netns_gone   ? "has lost its network namespace before"
                      : pod.host_network ? "has the node's network"
                                         : nullptr;
    if (why != nullptr) {
      return refusal(i, "the pod \"{}\" {}", step.pod, why);
    }
    return {};
  }

  std::string_view m_name;
  std::map<std::string, KnownPod> m_pods;
};

Expected<void> check_pods(const Scenario& scenario, std::string_view name) {
  PodOrder order(name);
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    CNI_MATRIX_TRY(order.take(scenario.steps[i], i));
  }
  return {};
}

// What was not filled cannot be freed, nor filled twice.
Expected<void> check_disks(const Scenario& scenario, std::string_view name) {
  std::set<std::string> full;
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    const auto& step = scenario.steps[i];
    const bool fine = step.kind == StepKind::fill_disk   ? full.insert(step.what).second
                      : step.kind == StepKind::free_disk ? full.erase(step.what) > 0
                                                         : true;
    if (!fine) {
      return input_error("{}: /steps/{}: the disk of {} {}", name, i, step.what,
                         step.kind == StepKind::fill_disk ? "is full already" : "was not filled");
    }
  }
  return {};
}

// What is on the node before the first pod is no leak after the last one.
Expected<void> check_links(const Scenario& scenario, std::string_view name) {
  const auto is = [](StepKind kind) {
    return [kind](const Step& step) { return step.kind == kind; };
  };
  const auto& steps = scenario.steps;
  const auto first = std::find_if(steps.begin(), steps.end(), is(StepKind::run));
  const auto late = std::find_if(first, steps.end(), is(StepKind::add_link));
  if (late != steps.end()) {
    return input_error("{}: /steps/{}: add-link comes before the first run", name,
                       late - steps.begin());
  }
  return {};
}

// A handler is one of the settings that are in force then.
Expected<void> check_handlers(const Scenario& scenario, std::string_view name) {
  RuntimeSettings settings;
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    const auto& step = scenario.steps[i];
    settings = step.settings.value_or(settings);
    if (!step.handler.empty() && !settings.handlers.contains(step.handler)) {
      return input_error("{}: /steps/{}: no settings before it have the handler \"{}\"", name, i,
                         step.handler);
    }
  }
  return {};
}

}  // namespace

Expected<void> check_order(const Scenario& scenario, std::string_view name) {
  CNI_MATRIX_TRY(check_pods(scenario, name));
  CNI_MATRIX_TRY(check_disks(scenario, name));
  CNI_MATRIX_TRY(check_links(scenario, name));
  return check_handlers(scenario, name);
}

}  // namespace cni_matrix::scenario
