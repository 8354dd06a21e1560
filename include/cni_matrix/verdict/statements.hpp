#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/node/inventory.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Statements that a matrix puts to the test: "claims" of a matrix file.
namespace cni_matrix::scenario {
class ScenarioLibrary;
}  // namespace cni_matrix::scenario

namespace cni_matrix::verdict {

struct Observation;

// What a cell has to show for one step. Only what is given is checked.
struct StepExpectation {
  std::string step;   // "run", "stop", ...: the first step of that kind
  bool last = false;  // the last one instead
  std::optional<bool> ok;
  std::string error;  // regular expression somewhere in the normalised text
};

// Some cells and what each of them has to show if the statement is right.
struct StatementCheck {
  std::string about;  // the part of the statement that is checked: "1.6.4 resolved it"
  std::optional<VersionRange> containerd;
  std::optional<VersionRange> plugins;
  std::vector<std::string> conflists;  // Conflist::name
  std::vector<std::string> cni_versions;
  std::vector<std::string> scenarios;
  std::optional<bool> host_port;
  std::optional<bool> mark_chain;
  bool after_run_failed = true;  // false: only cells whose first run succeeded count
  std::vector<StepExpectation> expect;
  std::optional<bool> clean;               // nothing is left
  std::vector<node::LeakClass> leftovers;  // at least these are left
  std::string loopback_version;            // what loopback was given
};

struct Statement {
  std::string id;  // "K3"
  std::string says;
  std::string note;  // printed after the evidence
  std::vector<StatementCheck> checks;
};

enum class Truth { holds, partly, refuted, unchecked };
std::string_view name_of(Truth truth);  // "true", "partly true", "false", "not checked"

struct StatementResult {
  std::string id;
  std::string says;
  Truth truth = Truth::unchecked;
  std::size_t agreeing = 0;  // cells; one that several checks look at counts for each
  std::size_t disagreeing = 0;
  std::string evidence;  // one or two sentences with cells and texts
};

// A statement is true when every check has a cell and every cell agrees; false when none agrees;
// not checked when no check has a cell; partly true otherwise.
std::vector<StatementResult> evaluate_statements(const std::vector<Statement>& statements,
                                                 const std::vector<Observation>& observations);

// An entry of "claims", already checked against the schema. `place` is what an error names.
Expected<Statement> statement_from_json(const Json& value, std::string_view place,
                                        scenario::ScenarioLibrary& library);

Json to_json(const StatementResult& result);
// Of what to_json made, already checked against the schema. Error kind: input.
Expected<StatementResult> statement_result_from_json(const Json& value);

}  // namespace cni_matrix::verdict
