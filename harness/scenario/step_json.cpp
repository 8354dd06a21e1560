#include "step_json.hpp"

#include "fields.hpp"
#include "vocabulary.hpp"

#include "base/text.hpp"
#include "base/try.hpp"

#include <algorithm>

namespace cni_matrix::scenario {

namespace {

bool holds(const std::vector<std::string_view>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// A step has the keys that it needs, and none that it does not know.
Expected<void> check_keys(const Json& value, const StepKind& kind, const std::string& place) {
  for (const auto key : kind.needs) {
    if (!value.contains(key)) {
      return input_error("{}: the step {} needs \"{}\"", place, kind.name, key);
    }
  }
  for (const auto& [key, unused] : value.items()) {
    if (key != "step" && key != "if" && key != "expect" && !holds(kind.needs, key) &&
        !holds(kind.allows, key)) {
      return input_error("{}: the step {} takes no \"{}\"", place, kind.name, key);
    }
  }
  return {};
}

tl::unexpected<Error> unknown(const std::string& name, const std::string& place) {
  std::vector<std::string> names;
  for (const auto& kind : vocabulary()) {
    names.emplace_back(kind.name);
  }
  return input_error("{}/step: there is no step \"{}\"{}", place, name, suggestion(name, names));
}

}  // namespace

Expected<Step> step_from_json(const Json& value, const std::string& place) {
  const auto name = value.at("step").get<std::string>();
  const auto* kind = find_step(name);
  if (kind == nullptr) {
    return unknown(name, place);
  }
  TRY(check_keys(value, *kind, place));
  const Fields fields(value, place);
  Step step;
  step.kind = kind;
  step.condition = value.contains("if") ? Condition::stop_failed : Condition::always;
  if (fields.has("expect")) {
    TRY_ASSIGN(step.expect, fields.regex("expect"));
  }
  TRY_ASSIGN(step.act, kind->read(fields));
  return step;
}

}  // namespace cni_matrix::scenario
