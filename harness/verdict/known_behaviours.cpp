#include "behaviour_files.hpp"

#include "base/json_fields.hpp"
#include "base/regex_text.hpp"
#include "base/try.hpp"
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::verdict {

namespace {

using Strings = std::vector<std::string>;

std::vector<node::LeakClass> leaks_at(const Json& value, const char* key) {
  std::vector<node::LeakClass> result;
  if (const auto found = value.find(key); found != value.end() && found->is_array()) {
    for (const auto& name : *found) {
      if (const auto leak = node::parse_leak_class(name.get<std::string>())) {
        result.push_back(*leak);
      }
    }
  }
  return result;
}

Expected<BehaviourCondition> condition_from_json(const Json& value, std::string_view place) {
  BehaviourCondition when;
  const auto versions = [&](const char* key) { return range_at<VersionRange>(value, key, place); };
  const auto cni_versions = [&](const char* key) {
    return range_at<CniVersionRange>(value, key, place);
  };
  TRY_ASSIGN(when.containerd, versions("containerd"));
  TRY_ASSIGN(when.created_containerd, versions("createdContainerd"));
  TRY_ASSIGN(when.plugins, versions("plugins"));
  TRY_ASSIGN(when.cni_version, cni_versions("cniVersion"));
  TRY_ASSIGN(when.created_cni_version, cni_versions("createdCniVersion"));
  when.scenarios = value.value("scenario", Strings{});
  when.uses = value.value("uses", Strings{});
  when.lacks = value.value("lacks", Strings{});
  when.created_uses = value.value("createdUses", Strings{});
  when.created_lacks = value.value("createdLacks", Strings{});
  when.state = value.value("state", std::map<std::string, std::string>());
  when.changed = value.value("changed", Strings{});
  const auto built_with = value.value("builtWith", Json::object());
  for (const auto& [module, range] : built_with.items()) {
    const auto parsed = VersionRange::parse(range.get<std::string>());
    if (!parsed) {
      return input_error("{}/builtWith/{}: {}", place, module, parsed.error().message);
    }
    when.built_with.emplace(module, *parsed);
  }
  when.host_port = flag_at(value, "hostPort");
  when.mark_chain = flag_at(value, "markChain");
  when.netns_gone = flag_at(value, "netnsGone");
  when.conflist_gone = flag_at(value, "conflistGone");
  when.plugin_gone = flag_at(value, "pluginGone");
  return when;
}

Expected<BehaviourCase> case_from_json(const Json& value, std::string_view place) {
  BehaviourCase result;
  const auto kind = value.at("kind").get<std::string>();
  result.kind = kind == "failure"           ? BehaviourCase::Kind::failure
                : kind == "failed-clean-up" ? BehaviourCase::Kind::failed_clean_up
                : kind == "outcome"         ? BehaviourCase::Kind::outcome
                                            : BehaviourCase::Kind::leak;
  result.steps = value.value("steps", Strings{});
  result.error = value.value("error", "");
  result.whole_text = value.value("wholeText", false);
  result.interface_made = flag_at(value, "interfaceMade");
  result.record = value.value("record", "");
  result.sometimes = value.value("sometimes", false);
  result.once = value.value("once", false);
  result.leaves = leaks_at(value, "leaves");
  result.leaves_everything = value.contains("leaves") && value.at("leaves").is_string();
  result.may_leave = leaks_at(value, "mayLeave");
  if (result.kind == BehaviourCase::Kind::failure &&
      (result.error.empty() || result.steps.empty())) {
    return input_error("{}: a failure needs \"steps\" and \"error\"", place);
  }
  if (result.kind == BehaviourCase::Kind::failed_clean_up && result.record.empty()) {
    return input_error("{}: a failed clean-up needs \"record\"", place);
  }
  if (result.kind == BehaviourCase::Kind::outcome) {
    for (const auto& failure : value.value("fails", Json::array())) {
      result.fails.push_back(
          {failure.at("step").get<std::string>(), failure.at("error").get<std::string>()});
      if (const auto problem = regex_problem(expand_regex(result.fails.back().error, "1.0.0"));
          !problem.empty()) {
        return input_error("{}/fails: not a regular expression: {}", place, problem);
      }
    }
  }
  if (!result.error.empty()) {
    if (const auto problem = regex_problem(expand_regex(result.error, "1.0.0")); !problem.empty()) {
      return input_error("{}/error: not a regular expression: {}", place, problem);
    }
  }
  return result;
}

// One case for each alternative of "when".
Expected<void> add_cases(const Json& value, const std::string& place,
                         std::vector<BehaviourCase>& cases) {
  TRY_ASSIGN(const auto one, case_from_json(value, place));
  const auto when = value.value("when", Json::object());
  const auto alternatives = when.is_array() ? when : Json::array({when});
  for (const auto& alternative : alternatives) {
    cases.push_back(one);
    TRY_ASSIGN(cases.back().when, condition_from_json(alternative, place + "/when"));
  }
  return {};
}

Expected<KnownBehaviour> behaviour_from_json(const Json& entry, std::string_view place) {
  KnownBehaviour behaviour;
  behaviour.id = entry.at("id").get<std::string>();
  behaviour.title = entry.at("title").get<std::string>();
  behaviour.since = entry.at("since").get<std::string>();
  behaviour.until = entry.at("until").get<std::string>();
  behaviour.why = entry.at("why").get<std::string>();
  behaviour.remedy = entry.at("remedy").get<std::string>();
  behaviour.observed = entry.at("evidence").get<std::string>() == "observed";
  if (entry.contains("seen")) {
    const auto& seen = entry.at("seen");
    behaviour.seen = {seen.at("on").get<std::string>(), seen.at("with").get<std::string>(),
                      seen.value("prediction", "")};
  }
  behaviour.references = entry.value("references", Strings{});
  const auto& cases = entry.at("cases");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    TRY(add_cases(cases[i], fmt::format("{}/cases/{}", place, i), behaviour.cases));
  }
  return behaviour;
}

Expected<std::vector<KnownBehaviour>> behaviours_of(const std::vector<BehaviourEntry>& entries) {
  std::vector<KnownBehaviour> behaviours;
  for (const auto& entry : entries) {
    TRY_ASSIGN(auto behaviour, behaviour_from_json(entry.value, entry.place));
    behaviours.push_back(std::move(behaviour));
  }
  return behaviours;
}

}  // namespace

Expected<KnownBehaviours> KnownBehaviours::from_json(const Json& value, std::string_view name) {
  TRY_ASSIGN(const auto entries, behaviour_entries(value, name));
  KnownBehaviours result;
  TRY_ASSIGN(result.m_all, behaviours_of(entries));
  return result;
}

Expected<KnownBehaviours> KnownBehaviours::load_from(const std::filesystem::path& place) {
  TRY_ASSIGN(const auto entries, load_behaviour_entries({place}));
  KnownBehaviours result;
  TRY_ASSIGN(result.m_all, behaviours_of(entries));
  return result;
}

Expected<KnownBehaviours> KnownBehaviours::load(const std::vector<std::filesystem::path>& own) {
  TRY_ASSIGN(const auto entries, all_behaviour_entries(own));
  KnownBehaviours result;
  TRY_ASSIGN(result.m_all, behaviours_of(entries));
  return result;
}

const KnownBehaviour* KnownBehaviours::find(std::string_view id) const {
  const auto found = std::find_if(m_all.begin(), m_all.end(),
                                  [id](const KnownBehaviour& known) { return known.id == id; });
  return found == m_all.end() ? nullptr : &*found;
}

}  // namespace cni_matrix::verdict
