#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../libcni_calls.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/try.hpp"

#include <algorithm>
#include <set>

// add, check, gc: our own caller of libcni does to the network what containerd does not, as the
// libcni of the containerd that runs then does it.
namespace cni_matrix::scenario::steps {

namespace {

using Pods = std::vector<cni::AttachedPod>;

Expected<void> call(Stage& stage, CniCommand command, const Pods& pods, StepResult& result) {
  const auto& profile = stage.setup().runtimes.at(stage.runtime_token()).profile;
  if (!profile) {
    return broken("it is not known which libcni containerd has, so {} cannot be called",
                  result.step);
  }
  TRY_ASSIGN(const auto answer,
             call_libcni(command, stage.runtime(), *profile, pods, stage.setup().call_timeout));
  take_answer(answer, result);
  return {};
}

// ADD once more, or CHECK, for the pod's eth0.
template <CniCommand Command>
class OfAPod : public PodAct {
 public:
  explicit OfAPod(const Fields& fields) : PodAct(fields.pod()) {}

  Expected<void> follow(Story& story, const Step& step) const override {
    return story.check_there(pod(), step);
  }
  Expected<void> plan(CellNeeds& needs) const override {
    needs.libcni_calls.push_back({needs.containerd, false});
    return {};
  }

 private:
  Expected<void> ask(Stage& stage, const std::string& pod, StepResult& result) const override {
    TRY_ASSIGN(auto attached, stage.attached(pod));
    return call(stage, Command, {std::move(attached)}, result);
  }
};

// Our own caller of libcni collects garbage.
class Gc : public Act {
 public:
  explicit Gc(const Fields& fields) {
    if (fields.has("valid")) {
      m_valid = fields.texts("valid");
    }
  }

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    for (const auto& pod : m_valid.value_or(std::vector<std::string>{})) {
      TRY(story.check_known(pod));
    }
    return {};
  }
  Expected<void> plan(CellNeeds& needs) const override {
    needs.libcni_calls.push_back({needs.containerd, true});
    return {};
  }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) -> Expected<void> {
      TRY_ASSIGN(const auto pods, valid_pods(stage));
      return call(stage, CniCommand::gc, pods, result);
    });
  }

 private:
  [[nodiscard]] Expected<Pods> valid_pods(Stage& stage) const {
    std::set<std::string> wanted;
    for (const auto& name : m_valid.value_or(std::vector<std::string>{})) {
      const auto named = stage.pods().members(name);
      wanted.insert(named.begin(), named.end());
    }
    TRY_ASSIGN(const auto there, pods_of(stage.runtime()));
    Pods valid;
    for (const auto& [name, pod] : stage.pods().all()) {
      const auto& id = pod.id;
      const bool runs = std::any_of(there.begin(), there.end(), [&id](const PodSandbox& sandbox) {
        return sandbox.id == id && sandbox.state == PodState::ready;
      });
      if (runs && (!m_valid || wanted.contains(name))) {
        TRY_ASSIGN(auto one, stage.attached(name));
        valid.push_back(std::move(one));
      }
    }
    return valid;
  }

  std::optional<std::vector<std::string>> m_valid;  // pods or groups; absent: all that run
};

}  // namespace

std::vector<StepKind> libcni() {
  return {
      {"add", "add", {}, {"pod"}, read_act<OfAPod<CniCommand::add>>},
      {"check", "check", {}, {"pod"}, read_act<OfAPod<CniCommand::check>>},
      {"gc", "gc", {}, {"valid"}, read_act<Gc>},
  };
}

}  // namespace cni_matrix::scenario::steps
