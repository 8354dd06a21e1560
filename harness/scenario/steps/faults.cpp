#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../demands.hpp"
#include "../node_changes.hpp"
#include "../stage.hpp"
#include "families.hpp"

#include "base/try.hpp"
#include "chain/chain_words.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <algorithm>

// fault, clear-faults, refuse-create: what is called does otherwise than it should.
namespace cni_matrix::scenario::steps {

namespace {

// The recorder does it to a plugin call from now on.
class Fault : public NodeAct {
 public:
  static Expected<Fault> read(const Fields& fields) {
    auto value = fields.all();
    value.erase("expect");
    Fault act;
    TRY_ASSIGN(act.m_fault, recorder::fault_from_json(value, fields.place()));
    return act;
  }

  void demand(Demands& demands) const override {
    using recorder::FaultEnd;
    demands.faults = true;
    if (demands.daemon.empty() &&
        recorder::traits_of(m_fault.action).end == FaultEnd::with_runtime) {
      demands.daemon = "containerd is killed in the middle of a plugin call";
    }
  }

  Expected<void> plan(CellNeeds& needs) const override {
    const auto has = [this](const Json& configuration) {
      return chain::lack_of_plugin(chain::Chain(configuration), m_fault.plugin).empty();
    };
    if (m_fault.plugin == "loopback" ||
        std::any_of(needs.written.begin(), needs.written.end(), has)) {
      return {};
    }
    const auto lack = chain::lack_of_plugin(chain::Chain(needs.conflist.json()), m_fault.plugin);
    if (lack.empty()) {
      return {};
    }
    return unavailable("{}{}", lack,
                       needs.written.empty() ? "" : ", nor has a configuration that was written");
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = fmt::format("{} {}: {}", m_fault.plugin,
                                m_fault.command.empty() ? "any call" : m_fault.command,
                                recorder::name_of(m_fault.action));
    if (m_fault.action == recorder::FaultAction::without_iptables) {
      result.effect.state["iptables-program"] = "gone";
    }
    return stage.place_fault(m_fault);
  }

  recorder::Fault m_fault;
};

class ClearFaults : public NodeAct {
 public:
  explicit ClearFaults(const Fields& /*fields*/) {}

 private:
  Expected<void> change(Stage& /*stage*/, StepResult& result) const override {
    result.effect.state["iptables-program"] = "";
    return recorder::clear_faults(layout::k_faults);
  }
};

// The OCI runtime refuses the next container.
class RefuseCreate : public NodeAct {
 public:
  explicit RefuseCreate(const Fields& /*fields*/) {}

  void demand(Demands& demands) const override {
    if (demands.daemon.empty()) {
      demands.daemon = "the OCI runtime refuses a container";
    }
  }

 private:
  Expected<void> change(Stage& /*stage*/, StepResult& /*result*/) const override {
    return refuse_create();
  }
};

}  // namespace

std::vector<StepKind> faults() {
  return {
      {"fault",
       "fault",
       {"plugin", "do"},
       {"on", "call", "code", "message", "details", "text", "status", "milliseconds"},
       read_act<Fault>},
      {"clear-faults", "clear-faults", {}, {}, read_act<ClearFaults>},
      {"refuse-create", "refuse-create", {}, {}, read_act<RefuseCreate>},
  };
}

}  // namespace cni_matrix::scenario::steps
