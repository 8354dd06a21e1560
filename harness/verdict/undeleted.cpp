#include "undeleted.hpp"

#include "chain/chain.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/recorder/fault_action.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace cni_matrix::verdict {

namespace {

using chain::go_member;
using node::LeakClass;

// One plugin's part of an attachment.
using Part = std::tuple<std::string, std::string, std::string, std::string, bool>;

struct Maker {
  std::string_view plugin;
  std::optional<LeakClass> always{};
  std::optional<LeakClass> with{};  // with this setting ...
  std::string_view setting{};       // ... that is true, or holds something
};

// Reference plugins. Classes that several plugins or the runtime answer for are not here.
constexpr std::array k_makers = {
    Maker{"host-local", LeakClass::lease},
    Maker{"bridge", LeakClass::veth, LeakClass::nat_rule, "ipMasq"},
    Maker{"ptp", LeakClass::veth, LeakClass::nat_rule, "ipMasq"},
    Maker{"portmap", std::nullopt, LeakClass::nat_rule, "runtimeConfig.portMappings"},
    Maker{"firewall", LeakClass::filter_rule},
    Maker{"loopback"},
    Maker{"macvlan"},
    Maker{"ipvlan"},
    Maker{"vlan"},
    Maker{"host-device"},
    Maker{"tap"},
    Maker{"dummy"},
    Maker{"tuning"},
    Maker{"bandwidth"},
    Maker{"sbr"},
    Maker{"vrf"},
    Maker{"static"},
    Maker{"dhcp"},
};

constexpr std::array<std::string_view, 2> k_backends = {"ipMasqBackend", "backend"};

bool is_set(const Json& configuration, std::string_view setting) {
  const Json* value = &configuration;
  while (value != nullptr && !setting.empty()) {
    const auto dot = setting.find('.');
    value = go_member(*value, setting.substr(0, dot));
    setting.remove_prefix(dot == std::string_view::npos ? setting.size() : dot + 1);
  }
  return value != nullptr &&
         (value->is_boolean() ? value->get<bool>() : value->is_structured() && !value->empty());
}

// Plugins before 1.6.0 do not know these settings, and go on with iptables.
bool may_use_nft(const Json& configuration) {
  return std::any_of(k_backends.begin(), k_backends.end(), [&](std::string_view key) {
    const auto* const value = go_member(configuration, key);
    return value != nullptr && *value == "nftables";
  });
}

// Whether the plugin itself was run, whatever its caller was told.
bool was_run(const recorder::PluginCall& call) {
  const auto name = call.fault.substr(0, call.fault.find(':'));  // behind it: why it could not be
  return name.empty() ||
         std::any_of(std::begin(recorder::k_fault_actions), std::end(recorder::k_fault_actions),
                     [&](const recorder::FaultActionTraits& action) {
                       return action.name == name && action.runs_plugin;
                     });
}

// Under a fault that comes after the plugin, what it said to its caller is not what it did: that
// was kept back. An error object has a code (SPEC section 5).
bool did_it(const recorder::PluginCall& call) {
  if (!was_run(call)) {
    return false;
  }
  if (call.fault.ends_with("-after")) {
    const auto said = parse_json(call.withheld, call.plugin);
    return !said || !said->is_object() || !said->contains("code");
  }
  return (call.finished && call.exit_code == 0) || !call.finished || call.signal != 0;
}

std::string variable(const recorder::PluginCall& call, const std::string& name) {
  const auto found = call.environment.find(name);
  return found == call.environment.end() ? std::string() : found->second;
}

// What a network left under its old name a DEL of the new one does not take back.
Part part_of(const recorder::PluginCall& call) {
  const auto configuration = parse_json(call.input, call.plugin);
  const auto* const name = configuration ? go_member(*configuration, "name") : nullptr;
  return {name != nullptr && name->is_string() ? name->get<std::string>() : std::string(),
          variable(call, "CNI_CONTAINERID"), variable(call, "CNI_IFNAME"), call.plugin,
          call.delegated};
}

std::vector<const recorder::PluginCall*> in_order(const std::vector<recorder::PluginCall>& trace) {
  std::vector<const recorder::PluginCall*> calls;
  for (const auto& call : trace) {
    if (call.command == "ADD" || call.command == "DEL") {
      calls.push_back(&call);
    }
  }
  std::stable_sort(calls.begin(), calls.end(),
                   [](const auto* a, const auto* b) { return a->start_ns < b->start_ns; });
  return calls;
}

// One network of a pod that is started.
struct Start {
  bool added = false;       // the last ADD of its plugins succeeded
  bool passes_on = false;   // its DEL gets the result of ADD, where there is one (SPEC 0.4.0)
  bool deleted = false;     // a DEL was called
  bool had_result = false;  // and got one
};

Undeleted::Is result_of(const Start& start) {
  if (!start.added) {
    return Undeleted::Is::gone;
  }
  if (!start.deleted || !start.passes_on) {
    return Undeleted::Is::maybe;
  }
  return start.had_result ? Undeleted::Is::left : Undeleted::Is::gone;
}

void note_add(Start& start, const recorder::PluginCall& add) {
  static const Version since{0, 4, 0, ""};
  start.added = add.finished && add.exit_code == 0;
  const auto configuration = parse_json(add.input, add.plugin);
  const auto* const text = configuration ? go_member(*configuration, "cniVersion") : nullptr;
  const auto version =
      Version::parse(text != nullptr && text->is_string() ? text->get<std::string>() : "");
  start.passes_on = version && *version >= since;
}

void note_del(Start& start, const recorder::PluginCall& del) {
  const auto configuration = parse_json(del.input, del.plugin);
  start.deleted = true;
  start.had_result =
      start.had_result || (configuration && go_member(*configuration, "prevResult") != nullptr);
}

Undeleted::Start start_in(const std::vector<const recorder::PluginCall*>& calls,
                          const scenario::Effect& effect) {
  Undeleted::Start result;
  std::map<std::pair<std::string, std::string>, Start> networks;
  std::set<std::string> begun;
  for (const auto* call : calls) {
    if (call->start_ns < effect.begin_ns || call->start_ns > effect.end_ns || call->delegated) {
      continue;
    }
    const auto container = variable(*call, "CNI_CONTAINERID");
    const bool is_add = call->command == "ADD";
    if (is_add) {
      begun.insert(container);
    } else if (begun.contains(container) && (!call->finished || call->exit_code != 0)) {
      result.clean_up_failed = true;
    }
    if (call->plugin != "loopback") {
      auto& network = networks[{container, variable(*call, "CNI_IFNAME")}];
      is_add ? note_add(network, *call) : note_del(network, *call);
    }
  }
  for (const auto& [attachment, network] : networks) {
    const auto one = result_of(network);
    if (one == Undeleted::Is::left || result.result == Undeleted::Is::gone) {
      result.result = one;
    }
  }
  return result;
}

}  // namespace

Makes made_by(const recorder::PluginCall& add) {
  const auto* const maker = std::find_if(
      k_makers.begin(), k_makers.end(), [&](const Maker& one) { return one.plugin == add.plugin; });
  if (maker == k_makers.end()) {
    return {};
  }
  Makes result{true, {}};
  if (maker->always) {
    result.classes.insert(*maker->always);
  }
  const auto configuration = parse_json(add.input, add.plugin);
  if (maker->with && configuration && is_set(*configuration, maker->setting)) {
    result.classes.insert(*maker->with);
    if (*maker->with == LeakClass::nat_rule && may_use_nft(*configuration)) {
      result.classes.insert(LeakClass::nft_table);
    }
  }
  return result;
}

Undeleted undeleted(const std::vector<recorder::PluginCall>& trace,
                    const std::vector<scenario::StepResult>& steps) {
  const auto calls = in_order(trace);
  std::map<Part, const recorder::PluginCall*> there;
  for (const auto* call : calls) {
    if (!did_it(*call)) {
      continue;
    }
    if (call->command == "ADD") {
      there[part_of(*call)] = call;
    } else if (call->finished && call->signal == 0) {
      there.erase(part_of(*call));
    }
  }
  Undeleted result;
  for (const auto& [part, add] : there) {
    const auto makes = made_by(*add);
    result.made.insert(makes.classes.begin(), makes.classes.end());
    result.unknown = result.unknown || !makes.known;
  }
  for (const auto& step : steps) {
    result.starts.push_back(step.effect.call == scenario::Effect::Call::run
                                ? start_in(calls, step.effect)
                                : Undeleted::Start());
  }
  return result;
}

Undeleted::Is Undeleted::is(node::LeakClass leak) const {
  const bool of_one_plugin = leak == LeakClass::nft_table ||
                             std::any_of(k_makers.begin(), k_makers.end(), [&](const Maker& maker) {
                               return maker.always == leak || maker.with == leak;
                             });
  if (!of_one_plugin || made.contains(leak)) {
    return Is::left;
  }
  return unknown ? Is::maybe : Is::gone;
}

}  // namespace cni_matrix::verdict
