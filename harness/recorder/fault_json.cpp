#include "fault_format.hpp"
#include "fault_text.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <variant>
#include <vector>

namespace cni_matrix::recorder {
namespace {

using Names = std::vector<std::string>;

// Commands of the CNI specification 1.1.0, section 2.
const Names& commands() {
  static const Names names = {"ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"};
  return names;
}

// A key of a fault's JSON that only some actions have.
struct Parameter {
  const char* key;
  unsigned takes;  // of these actions
  std::variant<int Fault::*, std::string Fault::*> member;
  bool needed = false;
  bool told_empty = true;  // stands in JSON also as an empty text
  int least = 0;           // of a number
  int most = 0;
};
constexpr Parameter k_parameters[] = {
    {.key = "code", .takes = k_takes_error, .member = &Fault::code, .most = 1'000'000},
    {.key = "message", .takes = k_takes_error, .member = &Fault::message},
    {.key = "details", .takes = k_takes_error, .member = &Fault::details, .told_empty = false},
    {.key = "text", .takes = k_takes_text, .member = &Fault::text, .needed = true},
    {.key = "status", .takes = k_takes_status, .member = &Fault::status, .most = 255},
    {.key = "milliseconds",
     .takes = k_takes_wait,
     .member = &Fault::milliseconds,
     .needed = true,
     .least = 1,
     .most = k_longest_wait_ms},
};

std::vector<const Parameter*> parameters_of(FaultAction action) {
  std::vector<const Parameter*> taken;
  for (const auto& parameter : k_parameters) {
    if ((traits_of(action).takes & parameter.takes) != 0) {
      taken.push_back(&parameter);
    }
  }
  return taken;
}

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Leaves `text` alone when there is no such key. Error kind: input.
Expected<void> take_text(const Json& value, const char* key, std::string& text,
                         std::string_view place) {
  const auto found = value.find(key);
  if (found == value.end()) {
    return {};
  }
  if (!found->is_string()) {
    return input_error("{}/{}: this is no text; write it in quotes", place, key);
  }
  text = found->get<std::string>();
  return {};
}

// The same for a number; its range is check_fault's.
Expected<void> take_number(const Json& value, const char* key, int& number,
                           std::string_view place) {
  const auto found = value.find(key);
  if (found == value.end()) {
    return {};
  }
  if (!found->is_number_integer()) {
    return input_error("{}/{}: this is no whole number", place, key);
  }
  // Too big a number comes as the biggest or smallest one, which no range has.
  const auto wide =
      found->is_number_unsigned() && found->get<std::uint64_t>() >
                                         static_cast<std::uint64_t>(std::numeric_limits<int>::max())
          ? std::int64_t{std::numeric_limits<int>::max()}
          : found->get<std::int64_t>();
  number = static_cast<int>(std::clamp<std::int64_t>(wide, std::numeric_limits<int>::min(),
                                                     std::numeric_limits<int>::max()));
  return {};
}

Expected<FaultAction> action_from_json(const Json& value, std::string_view place) {
  std::string name;
  TRY(take_text(value, "do", name, place));
  const auto* const known =
      std::find_if(std::begin(k_fault_actions), std::end(k_fault_actions),
                   [&name](const FaultActionTraits& action) { return action.name == name; });
  if (known != std::end(k_fault_actions)) {
    return known->action;
  }
  Names names;
  for (const auto& action : k_fault_actions) {
    names.emplace_back(action.name);
  }
  return name.empty()
             ? input_error("{}: \"do\" is missing; there are {}", place, fmt::join(names, ", "))
             : input_error("{}/do: there is no fault \"{}\"{}", place, name,
                           suggestion(name, names));
}

Expected<void> check_keys(const Json& value, FaultAction action, std::string_view place) {
  Names known = {"plugin", "on", "call", "do"};
  const auto parameters = parameters_of(action);
  for (const auto* parameter : parameters) {
    known.emplace_back(parameter->key);
  }
  for (const auto& [key, ignored] : value.items()) {
    if (key != "step" && key != "if" && !contains(known, key)) {
      return input_error("{}: the fault {} has no \"{}\"{}", place, name_of(action), key,
                         suggestion(key, known));
    }
  }
  for (const auto* parameter : parameters) {
    if (parameter->needed && !value.contains(parameter->key)) {
      return input_error("{}: the fault {} needs \"{}\"", place, name_of(action), parameter->key);
    }
  }
  return {};
}

bool is_plugin_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), good);
}

bool in_range(int number, int least, int most) {
  return number >= least && number <= most;
}

}  // namespace

std::string_view name_of(FaultAction action) {
  return traits_of(action).name;
}

Expected<void> check_fault(const Fault& fault, std::string_view place) {
  if (!is_plugin_name(fault.plugin)) {
    return input_error(
        "{}/plugin: \"{}\" is no plugin's name; write that of a file in /opt/cni/bin", place,
        printable(fault.plugin));
  }
  if (!fault.command.empty() && !contains(commands(), fault.command)) {
    return input_error("{}/on: there is no CNI command \"{}\"{}", place, printable(fault.command),
                       suggestion(fault.command, commands()));
  }
  if (!in_range(fault.call, 0, 1'000'000)) {
    return input_error("{}/call: this is not 0 (every call) to 1000000", place);
  }
  for (const auto* parameter : parameters_of(fault.action)) {
    const auto* number = std::get_if<int Fault::*>(&parameter->member);
    if (number != nullptr && !in_range(fault.*(*number), parameter->least, parameter->most)) {
      return input_error("{}/{}: this is not {} to {}", place, parameter->key, parameter->least,
                         parameter->most);
    }
  }
  if (rule_text(fault).size() > k_rule_text_limit) {
    return input_error("{}: the text is longer than {} bytes; the fault flood is the long one",
                       place, k_rule_text_limit);
  }
  return {};
}

Expected<Fault> fault_from_json(const Json& value, std::string_view place) {
  if (!value.is_object()) {
    return input_error("{}: a fault is an object: {{\"plugin\": ..., \"do\": ...}}", place);
  }
  Fault fault;
  TRY_ASSIGN(fault.action, action_from_json(value, place));
  TRY(check_keys(value, fault.action, place));
  if (!value.contains("plugin")) {
    return input_error("{}: \"plugin\" is missing; write which plugin the fault is for", place);
  }
  fault.status = fault.action == FaultAction::exit ? 1 : 0;
  TRY(take_text(value, "plugin", fault.plugin, place));
  TRY(take_text(value, "on", fault.command, place));
  TRY(take_number(value, "call", fault.call, place));
  for (const auto* parameter : parameters_of(fault.action)) {
    if (const auto* number = std::get_if<int Fault::*>(&parameter->member)) {
      TRY(take_number(value, parameter->key, fault.*(*number), place));
    } else {
      auto& text = fault.*std::get<std::string Fault::*>(parameter->member);
      TRY(take_text(value, parameter->key, text, place));
    }
  }
  Fault checked = fault;
  if (fault.plugin.size() > 1 && fault.plugin.front() == '$') {
    checked.plugin.erase(0, 1);  // a parameter of the scenario
  }
  TRY(check_fault(checked, place));
  return fault;
}

Json to_json(const Fault& fault) {
  Json value = {{"plugin", fault.plugin}, {"call", fault.call}, {"do", name_of(fault.action)}};
  if (!fault.command.empty()) {
    value["on"] = fault.command;
  }
  for (const auto* parameter : parameters_of(fault.action)) {
    if (const auto* number = std::get_if<int Fault::*>(&parameter->member)) {
      value[parameter->key] = fault.*(*number);
    } else if (const auto& text = fault.*std::get<std::string Fault::*>(parameter->member);
               parameter->told_empty || !text.empty()) {
      value[parameter->key] = text;
    }
  }
  return value;
}

}  // namespace cni_matrix::recorder
