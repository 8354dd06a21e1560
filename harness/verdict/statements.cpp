#include "judge.hpp"
#include "normalise.hpp"

#include "base/json_fields.hpp"
#include "base/names.hpp"
#include "base/regex_text.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "scenario/scenario_library.hpp"
#include "scenario/vocabulary.hpp"
#include <cni_matrix/verdict/statements.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace cni_matrix::verdict {

namespace {

using Strings = std::vector<std::string>;

constexpr auto k_truths = names_of<Truth>({{Truth::holds, "true"},
                                           {Truth::partly, "partly true"},
                                           {Truth::refuted, "false"},
                                           {Truth::unchecked, "not checked"}});

constexpr std::size_t k_examples = 3;  // cells that an evidence sentence names

bool listed(const Strings& list, const std::string& text) {
  return list.empty() || std::find(list.begin(), list.end(), text) != list.end();
}

bool run_succeeded(const Observation& observation) {
  const auto first = std::find_if(observation.steps.begin(), observation.steps.end(),
                                  [](const scenario::StepResult& step) {
                                    return step.effect.call == scenario::Effect::Call::run;
                                  });
  return first != observation.steps.end() && first->ok;
}

bool concerns(const StatementCheck& check, const Observation& observation) {
  return (!check.containerd || check.containerd->contains(observation.containerd)) &&
         (!check.plugins || check.plugins->contains(observation.plugins)) &&
         listed(check.conflists, observation.conflist) &&
         listed(check.cni_versions, observation.cni_version) &&
         listed(check.scenarios, observation.scenario) &&
         (!check.host_port || *check.host_port == observation.host_port) &&
         (!check.mark_chain || *check.mark_chain == observation.mark_chain) &&
         (check.after_run_failed || run_succeeded(observation)) &&
         (check.loopback_version.empty() || !observation.loopback_version.empty());
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// What a step did, in a few words.
std::string account(const scenario::StepResult& step) {
  return step.ok ? step.step + " succeeds"
                 : fmt::format("{} fails: {}", step.step, first_line(normalise_error(step.error)));
}

const scenario::StepResult* find_step(const StepExpectation& expectation,
                                      const Observation& observation) {
  const scenario::StepResult* found = nullptr;
  for (const auto& step : observation.steps) {
    if (step.step == expectation.step) {
      found = &step;
      if (!expectation.last) {
        break;
      }
    }
  }
  return found;
}

// Empty when the cell shows what the check wants, else what it shows instead.
std::string objection(const StatementCheck& check, const Observation& observation) {
  for (const auto& expectation : check.expect) {
    const auto* step = find_step(expectation, observation);
    if (step == nullptr) {
      const auto failed = std::find_if(observation.steps.begin(), observation.steps.end(),
                                       [](const scenario::StepResult& one) { return !one.ok; });
      return failed != observation.steps.end() ? account(*failed)
                                               : fmt::format("no {} was done", expectation.step);
    }
    if ((expectation.ok && *expectation.ok != step->ok) ||
        (!expectation.error.empty() &&
         !regex_found(expectation.error, normalise_error(step->error)))) {
      return account(*step);
    }
  }
  if (check.clean && *check.clean != observation.leftover.empty()) {
    std::vector<std::string_view> names;
    for (const auto leak : observation.leftover) {
      names.push_back(node::name_of(leak));
    }
    return names.empty() ? "nothing is left" : fmt::format("left: {}", fmt::join(names, ", "));
  }
  for (const auto leak : check.leftovers) {
    if (!observation.leftover.contains(leak)) {
      return fmt::format("no {} is left", node::name_of(leak));
    }
  }
  if (!check.loopback_version.empty() && check.loopback_version != observation.loopback_version) {
    return fmt::format("loopback is given {}", observation.loopback_version);
  }
  return {};
}

// One check over all cells.
struct Tally {
  std::size_t agreeing = 0;
  std::size_t disagreeing = 0;
  std::string example;                        // the first cell that agrees
  std::map<std::string, Strings> objections;  // by what they show: cells
};

std::string examples(const Strings& cells) {
  std::string text = fmt::format(
      "{}",
      fmt::join(cells.begin(),
                cells.begin() + static_cast<std::ptrdiff_t>(std::min(cells.size(), k_examples)),
                ", "));
  if (cells.size() > k_examples) {
    text += fmt::format(" and {} more", cells.size() - k_examples);
  }
  return text;
}

std::string sentence(const StatementCheck& check, const Tally& tally) {
  const auto total = tally.agreeing + tally.disagreeing;
  if (total == 0) {
    return fmt::format("{}: no cell was run.", check.about);
  }
  if (tally.disagreeing == 0) {
    return fmt::format("{}: so in {} of {} cells, for example {}.", check.about, tally.agreeing,
                       total, tally.example);
  }
  Strings parts;
  for (const auto& [what, cells] : tally.objections) {
    parts.push_back(fmt::format("{} ({})", what, examples(cells)));
  }
  return fmt::format("{}: so in {} of {} cells; not so: {}.", check.about, tally.agreeing, total,
                     fmt::join(parts, "; "));
}

Tally tally_of(const StatementCheck& check, const std::vector<Observation>& observations) {
  Tally tally;
  for (const auto& observation : observations) {
    if (!concerns(check, observation)) {
      continue;
    }
    const auto objected = objection(check, observation);
    if (objected.empty()) {
      if (tally.agreeing++ == 0) {
        tally.example = observation.name;
      }
    } else {
      ++tally.disagreeing;
      tally.objections[objected].push_back(observation.name);
    }
  }
  return tally;
}

StatementResult evaluate(const Statement& statement, const std::vector<Observation>& observations) {
  StatementResult result;
  result.id = statement.id;
  result.says = statement.says;
  Strings evidence;
  bool every_check_has_cells = true;
  for (const auto& check : statement.checks) {
    const auto tally = tally_of(check, observations);
    every_check_has_cells = every_check_has_cells && tally.agreeing + tally.disagreeing > 0;
    result.agreeing += tally.agreeing;
    result.disagreeing += tally.disagreeing;
    evidence.push_back(sentence(check, tally));
  }
  if (!statement.note.empty()) {
    evidence.push_back(statement.note);
  }
  result.evidence = fmt::format("{}", fmt::join(evidence, " "));
  if (result.agreeing + result.disagreeing == 0) {
    result.truth = Truth::unchecked;
  } else if (result.agreeing == 0) {
    result.truth = Truth::refuted;
  } else {
    result.truth = result.disagreeing == 0 && every_check_has_cells ? Truth::holds : Truth::partly;
  }
  return result;
}

// "run" as scenarios write it; any other text is taken for a label.
std::string label_for(const std::string& name) {
  const auto* kind = scenario::find_step(name);
  return kind == nullptr ? name : std::string(kind->label);
}

Expected<StatementCheck> check_from_json(const Json& value, std::string_view place,
                                         scenario::ScenarioLibrary& library) {
  StatementCheck check;
  check.about = value.at("about").get<std::string>();
  TRY_ASSIGN(check.containerd, range_at(value, "containerd", place));
  TRY_ASSIGN(check.plugins, range_at(value, "plugins", place));
  check.conflists = value.value("conflists", Strings{});
  check.cni_versions = value.value("cniVersions", Strings{});
  check.scenarios = value.value("scenarios", Strings{});
  for (const auto& id : check.scenarios) {
    if (const auto scenario = library.find(id); !scenario) {
      return input_error("{}/scenarios: {}", place, scenario.error().message);
    }
  }
  check.host_port = flag_at(value, "hostPort");
  check.mark_chain = flag_at(value, "markChain");
  check.after_run_failed = !value.value("runSucceeded", false);
  check.clean = flag_at(value, "clean");
  check.loopback_version = value.value("loopbackVersion", "");
  for (const auto& entry : value.value("leftovers", Strings{})) {
    if (const auto leak = node::parse_leak_class(entry)) {
      check.leftovers.push_back(*leak);
    }
  }
  for (const auto& entry : value.value("expect", Json::array())) {
    StepExpectation expectation{label_for(entry.at("step").get<std::string>()),
                                entry.value("last", false), flag_at(entry, "ok"),
                                entry.value("error", "")};
    if (const auto problem = regex_problem(expectation.error); !problem.empty()) {
      return input_error("{}/expect: not a regular expression: {}", place, problem);
    }
    check.expect.push_back(std::move(expectation));
  }
  return check;
}

}  // namespace

std::string_view name_of(Truth truth) {
  return k_truths.of(truth);
}

Expected<Statement> statement_from_json(const Json& value, std::string_view place,
                                        scenario::ScenarioLibrary& library) {
  Statement statement;
  statement.id = value.at("id").get<std::string>();
  statement.says = value.at("says").get<std::string>();
  statement.note = value.value("note", "");
  const auto& checks = value.at("checks");
  for (std::size_t i = 0; i < checks.size(); ++i) {
    TRY_ASSIGN(auto check,
               check_from_json(checks[i], fmt::format("{}/checks/{}", place, i), library));
    statement.checks.push_back(std::move(check));
  }
  return statement;
}

std::vector<StatementResult> evaluate_statements(const std::vector<Statement>& statements,
                                                 const std::vector<Observation>& observations) {
  std::vector<StatementResult> results;
  results.reserve(statements.size());
  for (const auto& statement : statements) {
    results.push_back(evaluate(statement, observations));
  }
  return results;
}

Json to_json(const StatementResult& result) {
  return {{"id", result.id},
          {"says", result.says},
          {"verdict", name_of(result.truth)},
          {"agreeing", result.agreeing},
          {"disagreeing", result.disagreeing},
          {"evidence", result.evidence}};
}

Expected<StatementResult> statement_result_from_json(const Json& value) {
  StatementResult result;
  result.id = value.at("id").get<std::string>();
  result.says = value.at("says").get<std::string>();
  result.evidence = value.at("evidence").get<std::string>();
  result.agreeing = value.value("agreeing", std::size_t{0});
  result.disagreeing = value.value("disagreeing", std::size_t{0});
  const auto verdict = value.at("verdict").get<std::string>();
  if (const auto truth = k_truths.parse(verdict)) {
    result.truth = *truth;
    return result;
  }
  return input_error("statement {}: '{}' is no verdict of a statement", printable(result.id),
                     printable(verdict));
}

}  // namespace cni_matrix::verdict
