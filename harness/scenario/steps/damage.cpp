#include "../act.hpp"
#include "../attachment_damage.hpp"
#include "../node_changes.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "chain/chain.hpp"

#include <algorithm>
#include <array>

// delete-netns, delete-link, damage-cache, damage-attachment, kill-pause, kill-shim: what a pod
// stands on is taken away behind the runtime's back.
namespace cni_matrix::scenario::steps {

namespace {

// Unmount and remove the pod's network namespace.
class DeleteNetns : public NodeAct {
 public:
  explicit DeleteNetns(const Fields& fields) : m_pod(fields.pod()) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    TRY(story.check_runs(m_pod));
    story.pod(m_pod).netns_gone = true;
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    TRY_ASSIGN(const auto pod, stage.attached(m_pod));
    TRY(delete_netns(pod.netns));
    stage.note_netns_gone(pod.netns);
    result.effect.netns_gone = true;
    return {};
  }

  std::string m_pod;
};

// As `ip link delete` does.
class DeleteLink : public NodeAct {
 public:
  explicit DeleteLink(const Fields& fields) : m_link(fields.text("link")) {}

 private:
  Expected<void> change(Stage& /*stage*/, StepResult& result) const override {
    result.detail = m_link;
    return delete_link(m_link);
  }

  std::string m_link;
};

// The cached results of the pods' network.
class DamageCache : public NodeAct {
 public:
  static Expected<DamageCache> read(const Fields& fields) {
    DamageCache act;
    TRY_ASSIGN(act.m_how, fields.one_of("how", {"truncate", "garbage", "delete"}));
    return act;
  }

 private:
  Expected<void> change(Stage& /*stage*/, StepResult& result) const override {
    result.detail = m_how;
    if (m_how == "delete") {
      result.effect.taken = node::LeakClass::cached_result;
    }
    result.effect.state["cached-result"] = m_how == "delete" ? "gone" : "damaged";
    return damage_cache(m_how);
  }

  std::string m_how;
};

// What damage_attachment() can do, and what the pod has lost by it.
struct Damage {
  std::string_view how;
  std::string_view what;
  std::string_view is;  // from then on
  std::optional<node::LeakClass> takes{};
};
constexpr std::array<Damage, 6> k_damages = {{
    {"flush-address", "addresses", "gone"},
    {"delete-routes", "routes", "gone"},
    {"link-down", "interface", "down"},
    {"delete-interface", "interface", "gone", node::LeakClass::veth},
    {"delete-lease", "lease", "gone", node::LeakClass::lease},
    {"delete-rules", "rules", "gone", node::LeakClass::nat_rule},
}};

// The pod's eth0, or what its plugins keep of it on the node.
class DamageAttachment : public NodeAct {
 public:
  static Expected<DamageAttachment> read(const Fields& fields) {
    DamageAttachment act;
    act.m_pod = fields.pod();
    const auto how = fields.text("how");
    const auto* found = std::find_if(k_damages.begin(), k_damages.end(),
                                     [&](const Damage& damage) { return damage.how == how; });
    if (found == k_damages.end()) {
      std::vector<std::string> known;
      known.reserve(k_damages.size());
      for (const auto& damage : k_damages) {
        known.emplace_back(damage.how);
      }
      return fields.refusal("/how: there is no damage \"{}\"{}", how, suggestion(how, known));
    }
    act.m_damage = *found;
    return act;
  }

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    return story.check_runs(m_pod);
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_damage.how;
    result.effect.taken = m_damage.takes;
    result.effect.state[std::string(m_damage.what)] = m_damage.is;
    TRY_ASSIGN(const auto pod, stage.attached(m_pod));
    return damage_attachment(pod, std::string(m_damage.how),
                             chain::Chain(stage.conflist().json()).lease_root());
  }

  std::string m_pod;
  Damage m_damage;
};

// SIGKILL to the process that stands for the pod, or to the shim that looks after that one.
template <PodProcess Process>
class KillProcess : public NodeAct {
 public:
  explicit KillProcess(const Fields& fields) : m_pod(fields.pod()) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    return story.check_runs(m_pod);
  }

 private:
  Expected<void> change(Stage& stage, StepResult& /*result*/) const override {
    return stage.runtime().kill_pod_process(stage.pods()[m_pod].id, Process);
  }

  std::string m_pod;
};

}  // namespace

std::vector<StepKind> damage() {
  return {
      {"delete-netns", "delete-netns", {}, {"pod"}, read_act<DeleteNetns>},
      {"delete-link", "delete-link", {"link"}, {}, read_act<DeleteLink>},
      {"damage-cache", "damage-cache", {"how"}, {}, read_act<DamageCache>},
      {"damage-attachment", "damage-attachment", {"how"}, {"pod"}, read_act<DamageAttachment>},
      {"kill-pause", "kill-pause", {}, {"pod"}, read_act<KillProcess<PodProcess::pause>>},
      {"kill-shim", "kill-shim", {}, {"pod"}, read_act<KillProcess<PodProcess::shim>>},
  };
}

}  // namespace cni_matrix::scenario::steps
