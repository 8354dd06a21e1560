#include "../act.hpp"
#include "../full_disk.hpp"
#include "../iptables_backend.hpp"
#include "../node_changes.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/try.hpp"
#include "chain/chain.hpp"
#include "node/reboot.hpp"
#include "runtime/node_layout.hpp"

// reboot, fill-disk, free-disk, hold-xtables-lock, add-link, use-iptables: the machine that the
// pods are on.
namespace cni_matrix::scenario::steps {

namespace {

// Processes, links, rules and /run go, /var/lib stays; then the runtime starts on that.
class Reboot : public NodeAct {
 public:
  explicit Reboot(const Fields& /*fields*/) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    story.config_directory_gone = false;  // containerd makes it where it is missing
    return {};
  }

  [[nodiscard]] bool ends_processes() const override { return true; }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.effect.rebooted = true;
    result.effect.state["node"] = "rebooted";
    result.effect.netns_gone = true;
    TRY_ASSIGN(const auto added, stage.watch().added(stage.runtime()));
    TRY(stage.runtime().kill());
    stage.daemons().kill_all();
    TRY(node::reboot());
    for (const auto& path : added.of(node::LeakClass::netns)) {
      stage.note_netns_gone(path);
    }
    TRY(stage.prepare_node(equipment::Boot::again));
    TRY(stage.start_runtime(stage.runtime_token()));
    return stage.find_pods();
  }
};

// Of libcni's results ("cache"), or of host-local's leases ("ipam").
std::filesystem::path directory_of(const std::string& what, Stage& stage) {
  if (what == "cache") {
    return std::filesystem::path(layout::k_cni_state) / "results";
  }
  const auto root = chain::Chain(stage.conflist().json()).lease_root();
  return root.empty() ? std::string(layout::k_leases) : root;
}

// No byte is left for data, though files can be made.
class FillDisk : public NodeAct {
 public:
  explicit FillDisk(const Fields& fields) : m_what(fields.text("what")) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    if (!story.full_disks.insert(m_what).second) {
      return story.refusal("the disk of {} is full already", m_what);
    }
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_what;
    result.effect.state["disk of " + m_what] = "full";
    return fill_disk(directory_of(m_what, stage));
  }

  std::string m_what;  // "cache" (of results) or "ipam"
};

// It has room again.
class FreeDisk : public NodeAct {
 public:
  explicit FreeDisk(const Fields& fields) : m_what(fields.text("what")) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    if (story.full_disks.erase(m_what) == 0) {
      return story.refusal("the disk of {} was not filled", m_what);
    }
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_what;
    result.effect.state["disk of " + m_what] = "";
    return free_disk(directory_of(m_what, stage));
  }

  std::string m_what;
};

constexpr int k_longest_hold_ms = 60'000;

// /run/xtables.lock is held by another process.
class HoldLock : public NodeAct {
 public:
  static Expected<HoldLock> read(const Fields& fields) {
    HoldLock act;
    act.m_milliseconds = fields.number("milliseconds");
    if (act.m_milliseconds < 1 || act.m_milliseconds > k_longest_hold_ms) {
      return fields.refusal("/milliseconds: 1 to {}, not {}", k_longest_hold_ms,
                            act.m_milliseconds);
    }
    return act;
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = fmt::format("{} ms", m_milliseconds);
    return stage.xtables_lock().hold(std::chrono::milliseconds(m_milliseconds));
  }

  int m_milliseconds = 0;
};

constexpr std::size_t k_longest_link = 11;  // IFNAMSIZ, the \0 and "-far"

// A link of the node, one end of a veth pair. What is there before the first pod is no leak after
// the last one.
class AddLink : public NodeAct {
 public:
  static Expected<AddLink> read(const Fields& fields) {
    AddLink act;
    act.m_link = fields.text("link");
    if (act.m_link.size() > k_longest_link) {
      return fields.refusal("/link: at most {} characters", k_longest_link);
    }
    return act;
  }

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    if (story.any_pod()) {
      return story.refusal("add-link comes before the first run");
    }
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    TRY_ASSIGN(const bool added, add_link(m_link));
    result.detail = m_link + (added ? "" : k_was_there);
    return stage.watch().begin();
  }

  std::string m_link;
};

// The programs called iptables are of that backend.
class UseIptables : public NodeAct {
 public:
  static Expected<UseIptables> read(const Fields& fields) {
    UseIptables act;
    TRY_ASSIGN(act.m_to, fields.one_of("to", {"legacy", "nft"}));
    return act;
  }

 private:
  Expected<void> change(Stage& /*stage*/, StepResult& result) const override {
    result.detail = m_to;
    result.effect.state["iptables"] = m_to;
    return use_iptables(m_to);
  }

  std::string m_to;
};

}  // namespace

std::vector<StepKind> machine() {
  return {
      {"reboot", "reboot", {}, {}, read_act<Reboot>},
      {"fill-disk", "fill-disk", {"what"}, {}, read_act<FillDisk>},
      {"free-disk", "free-disk", {"what"}, {}, read_act<FreeDisk>},
      {"hold-xtables-lock", "hold-xtables-lock", {"milliseconds"}, {}, read_act<HoldLock>},
      {"add-link", "add-link", {"link"}, {}, read_act<AddLink>},
      {"use-iptables", "use-iptables", {"to"}, {}, read_act<UseIptables>},
  };
}

}  // namespace cni_matrix::scenario::steps
