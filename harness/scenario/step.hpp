#pragma once

#include <cni_matrix/base/error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The vocabulary of scenarios. A kind of step is a row and an Act, both in the file of its family
// (steps/*.cpp), and a few words in matrix/scenario.schema.json: nothing else names it.
namespace cni_matrix::scenario {

class Act;
class Fields;
using ActPointer = std::shared_ptr<const Act>;

struct StepKind {
  std::string_view name;                // as scenarios write it: "run", "edit-conflist"
  std::string_view label;               // as results show it: "RunPodSandbox", "edit-conflist"
  std::vector<std::string_view> needs;  // the keys that it has beside "step", "if" and "expect"
  std::vector<std::string_view> allows;
  Expected<ActPointer> (*read)(const Fields& fields);  // Error kind: input
};

// When a step is done. `stop_failed`: only if the last `stop` before it failed, else it is passed
// over.
enum class Condition { always, stop_failed };

struct Step {
  const StepKind* kind = nullptr;  // a row of vocabulary()
  Condition condition = Condition::always;
  // The step has to fail, with an error that holds a match of this regular expression. Such a
  // failure of `run` does not end the scenario.
  std::optional<std::string> expect;
  ActPointer act;

  // It is done in any case, and has to work.
  [[nodiscard]] bool is_certain() const { return condition == Condition::always && !expect; }
};

}  // namespace cni_matrix::scenario
