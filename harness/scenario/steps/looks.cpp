#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../configuration_wait.hpp"
#include "../demands.hpp"
#include "../pod_addresses.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/ip_range.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "chain/chain.hpp"
#include "probe/data_plane.hpp"

#include <algorithm>

// addresses, probe, await, call-api: what is seen of pods and of the runtime.
namespace cni_matrix::scenario::steps {

namespace {

constexpr int k_await_ms = 2'000;

// Every pod has an address, no two the same, `in` a network or `outside` of it.
class Addresses : public Act {
 public:
  static Expected<Addresses> read(const Fields& fields) {
    Addresses act;
    act.m_pod = fields.pod();
    act.m_interface = fields.text("interface");
    act.m_in = fields.text("in");
    act.m_outside = fields.text("outside");
    for (const auto& [key, network] : {std::pair{"in", act.m_in}, {"outside", act.m_outside}}) {
      if (network.empty()) {
        continue;
      }
      if (const auto range = IpRange::parse(network); !range) {
        return fields.refusal("/{}: {}", key, range.error().message);
      }
    }
    return act;
  }

  Expected<void> follow(Story& story, const Step& step) const override {
    return story.check_there(m_pod, step);
  }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) { return look(stage, result); });
  }

 private:
  Expected<void> look(Stage& stage, StepResult& result) const {
    result.detail = m_interface;
    PodAddresses seen;
    for (const auto& name : stage.pods().members(m_pod)) {
      const auto status = stage.runtime().pod_sandbox_status(stage.pods()[name].id);
      if (!status) {
        take_answer(status, result);
        return {};
      }
      auto addresses = status->ips;
      if (!m_interface.empty()) {
        TRY_ASSIGN(const auto netns, stage.watch().netns_of(*status, stage.runtime()));
        TRY_ASSIGN(addresses, addresses_of(netns, m_interface));
      }
      seen.emplace_back(name, std::move(addresses));
    }
    result.error = problem_of(seen, m_in, m_outside);
    result.ok = result.error.empty();
    return {};
  }

  std::string m_pod;
  std::string m_interface;  // of the pod; empty: what CRI says
  std::string m_in;         // CIDR
  std::string m_outside;    // CIDR
};

bool is_about_host_ports(const std::string& probe) {
  return probe.find("host-port") != std::string::npos;
}

// The data plane, with real packets.
class Probe : public PodAct {
 public:
  static Expected<Probe> read(const Fields& fields) {
    Probe act(fields.pod());
    act.m_probes = fields.texts("probes");
    act.m_with = fields.text("with");
    if (std::find(act.m_probes.begin(), act.m_probes.end(), "pod-to-pod") != act.m_probes.end() &&
        (act.m_with.empty() || act.m_with == act.pod())) {
      return fields.refusal(": the probe pod-to-pod needs another pod in \"with\"");
    }
    return act;
  }

  void demand(Demands& demands) const override {
    demands.probes_host_port = demands.probes_host_port ||
                               std::any_of(m_probes.begin(), m_probes.end(), is_about_host_ports);
  }

  Expected<void> follow(Story& story, const Step& step) const override {
    TRY(story.check_there(pod(), step));
    return m_with.empty() ? Expected<void>() : story.check_there(m_with, step);
  }

  Expected<void> plan(CellNeeds& needs) const override {
    const auto& known = probe::probe_names();
    for (const auto& name : m_probes) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return input_error("{}: there is no probe \"{}\"{}", needs.place, name,
                           did_you_mean(name, known));
      }
      if (is_about_host_ports(name) && !needs.any_host_port) {
        return input_error(
            "{}: the probe {} needs a host port; give --host-port N, or \"hostPort\" "
            "in the matrix",
            needs.place, name);
      }
    }
    return {};
  }

 private:
  explicit Probe(std::string pod) : PodAct(std::move(pod)) {}

  Expected<void> ask(Stage& stage, const std::string& pod, StepResult& result) const override {
    TRY_ASSIGN(const auto target, target_of(stage, pod, result));
    if (!target) {
      return {};
    }
    std::optional<probe::ProbeTarget> other;
    if (!m_with.empty()) {
      TRY_ASSIGN(other, target_of(stage, stage.pods().members(m_with).front(), result));
      if (!other) {
        return {};
      }
    }
    auto probes = m_probes.empty() ? probe::usual_probes(*target) : m_probes;
    leave_out(probes, chain::Chain(stage.conflist().json()), *target, result);
    TRY_ASSIGN(const auto seen,
               probe::probe_data_plane(probes, *target, other ? &*other : nullptr));
    for (const auto& probe : seen) {
      if (!probe.ok) {
        result.ok = false;
        result.error +=
            fmt::format("{}{}: {}", result.error.empty() ? "" : "; ", probe.probe, probe.saw);
      }
    }
    return {};
  }

  // What the chain does not make nobody can see.
  static void leave_out(std::vector<std::string>& probes, const chain::Chain& chain,
                        const probe::ProbeTarget& pod, StepResult& result) {
    const auto without = [&](const char* probe, const char* why) {
      if (std::erase(probes, probe) > 0) {
        result.detail +=
            fmt::format("{}without {}: {}", result.detail.empty() ? "" : ", ", probe, why);
      }
    };
    if (!chain.find("@masquerade")) {
      without("masquerade", "no plugin of the chain has ipMasq");
    }
    if (chain.cuts_off_node()) {
      without("node-to-pod", "the node has no address in the pod's network");
      without("pod-to-node", "the node has no address in the pod's network");
    }
    // net.ipv4.conf.*.route_localnet has no counterpart in IPv6.
    if (std::none_of(pod.ips.begin(), pod.ips.end(),
                     [](const std::string& ip) { return ip.find(':') == std::string::npos; })) {
      without("loopback-to-host-port", "the pod has no IPv4 address");
    }
  }

  // Absent, and noted, when the runtime does not know the pod or an address of it.
  static Expected<std::optional<probe::ProbeTarget>> target_of(Stage& stage,
                                                               const std::string& name,
                                                               StepResult& result) {
    const auto pod = stage.runtime().pod_sandbox_status(stage.pods()[name].id);
    take_answer(pod, result);
    if (pod && pod->ips.empty()) {
      result.ok = false;
      result.error = "the runtime reports no address of the pod";
    }
    if (!result.ok) {
      return std::nullopt;
    }
    TRY_ASSIGN(const auto netns, stage.watch().netns_of(*pod, stage.runtime()));
    return probe::ProbeTarget{netns, pod->ips, stage.pods()[name].spec.port_mappings};
  }

  std::vector<std::string> m_probes;  // empty: those that every pod should pass
  std::string m_with;                 // the other pod
};

// Until Status says `ready`, and the load status and the message match.
class Await : public Act {
 public:
  static Expected<Await> read(const Fields& fields) {
    Await act;
    act.m_wanted.ready = fields.flag("ready", true);
    act.m_wanted.within = std::chrono::milliseconds(fields.number("withinMs", k_await_ms));
    TRY_ASSIGN(act.m_wanted.load, fields.regex("load"));
    TRY_ASSIGN(act.m_wanted.message, fields.regex("message"));
    return act;
  }

  [[nodiscard]] std::chrono::milliseconds deadline() const override { return m_wanted.within; }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) {
      const auto answer = await_status(stage.runtime(), m_wanted, stage.take_change());
      take_answer(answer.verdict, result);
      if (answer.last) {
        stage.note_status(*answer.last);
      }
      return Expected<void>();
    });
  }

 private:
  AwaitedStatus m_wanted;
};

// Status in one version of CRI.
class CallApi : public Act {
 public:
  explicit CallApi(const Fields& fields) : m_api(fields.text("api")) {}

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) {
      result.detail = m_api;
      take_answer(stage.runtime().call_api(m_api), result);
      return Expected<void>();
    });
  }

 private:
  std::string m_api;  // "v1", "v1alpha2"
};

}  // namespace

std::vector<StepKind> looks() {
  return {
      {"addresses", "addresses", {}, {"pod", "interface", "in", "outside"}, read_act<Addresses>},
      {"probe", "probe", {}, {"pod", "probes", "with"}, read_act<Probe>},
      {"await", "await", {}, {"ready", "load", "message", "withinMs"}, read_act<Await>},
      {"call-api", "call-api", {"api"}, {}, read_act<CallApi>},
  };
}

}  // namespace cni_matrix::scenario::steps
