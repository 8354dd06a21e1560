#include "../act.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/try.hpp"

// stop, remove, status: what CRI does with a pod that was run.
namespace cni_matrix::scenario::steps {

namespace {

Expected<void> follow_end(Story& story, const Step& step, const std::string& name, bool removed) {
  TRY(story.check_known(name));
  auto& pod = story.pod(name);
  pod.stopped = pod.stopped || step.is_certain();
  pod.removed = pod.removed || (removed && step.is_certain());
  return {};
}

class Stop : public PodAct {
 public:
  explicit Stop(std::string pod) : PodAct(std::move(pod)) {}
  explicit Stop(const Fields& fields) : PodAct(fields.pod()), m_within(fields.number("withinMs")) {}

  Expected<void> follow(Story& story, const Step& step) const override {
    return follow_end(story, step, pod(), false);
  }
  [[nodiscard]] std::chrono::milliseconds deadline() const override { return m_within; }

 private:
  Expected<void> ask(Stage& stage, const std::string& pod, StepResult& result) const override {
    result.effect.call = Effect::Call::stop;
    take_answer(stage.runtime().stop_pod_sandbox(stage.pods()[pod].id), result);
    stage.set_stop_failed(!result.ok);
    return {};
  }

  std::chrono::milliseconds m_within{};
};

class Remove : public PodAct {
 public:
  explicit Remove(std::string pod) : PodAct(std::move(pod)) {}
  explicit Remove(const Fields& fields) : PodAct(fields.pod()) {}

  Expected<void> follow(Story& story, const Step& step) const override {
    return follow_end(story, step, pod(), true);
  }

 private:
  Expected<void> ask(Stage& stage, const std::string& pod, StepResult& result) const override {
    result.effect.call = Effect::Call::remove;
    take_answer(stage.runtime().remove_pod_sandbox(stage.pods()[pod].id), result);
    return {};
  }
};

// PodSandboxStatus; fails when the pod is not ready.
class Status : public PodAct {
 public:
  explicit Status(const Fields& fields) : PodAct(fields.pod()) {}

  Expected<void> follow(Story& story, const Step& step) const override {
    return story.check_there(pod(), step);
  }

 private:
  Expected<void> ask(Stage& stage, const std::string& pod, StepResult& result) const override {
    const auto seen = stage.runtime().pod_sandbox_status(stage.pods()[pod].id);
    take_answer(seen, result);
    if (seen && seen->state != PodState::ready) {
      result.ok = false;
      result.error = "the pod sandbox is not ready";
    }
    return {};
  }
};

const std::vector<StepKind>& kinds() {
  static const std::vector<StepKind> all = {
      {"stop", "StopPodSandbox", {}, {"pod", "withinMs"}, read_act<Stop>},
      {"remove", "RemovePodSandbox", {}, {"pod"}, read_act<Remove>},
      {"status", "PodSandboxStatus", {}, {"pod"}, read_act<Status>},
  };
  return all;
}

}  // namespace

std::vector<StepKind> pods() {
  return kinds();
}

std::vector<Step> clean_up(const std::string& pod) {
  return {{&kinds()[0], Condition::always, std::nullopt, std::make_shared<const Stop>(pod)},
          {&kinds()[1], Condition::always, std::nullopt, std::make_shared<const Remove>(pod)}};
}

}  // namespace cni_matrix::scenario::steps
