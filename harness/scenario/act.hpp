#pragma once

#include "fields.hpp"
#include "step.hpp"

#include "base/try.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace cni_matrix::scenario {

struct Demands;
class Story;
struct CellNeeds;
class Stage;

// What a step does, with the arguments of its own. The functions come in this order: the first two
// as the scenario is read, `plan` for each cell before anything starts, `perform` in the node.
class Act {
 public:
  Act() = default;
  virtual ~Act() = default;

  // What it asks of every cell.
  virtual void demand(Demands& /*demands*/) const {}
  // Whether it can come after the steps before it, and what it changes for those after it. Error
  // kind: input.
  virtual Expected<void> follow(Story& /*story*/, const Step& /*step*/) const { return {}; }
  // Whether it can be done with what the cell has, and what else it takes. Error kind: input.
  virtual Expected<void> plan(CellNeeds& /*needs*/) const { return {}; }
  // Do it, and note how it went, once or several times. Only trouble of the harness or of the
  // machine is an Error.
  virtual Expected<void> perform(Stage& stage, const Step& step) const = 0;

  // Processes end by it, and with them plugin calls and the record of them.
  [[nodiscard]] virtual bool ends_processes() const { return false; }
  // The deadline of its calls; 0: the usual one.
  [[nodiscard]] virtual std::chrono::milliseconds deadline() const { return {}; }
  // Its time is that of one call, so it is over when the call has come to its deadline.
  [[nodiscard]] virtual bool is_one_call() const { return true; }

 protected:
  Act(const Act&) = default;
  Act(Act&&) = default;
  Act& operator=(const Act&) = default;
  Act& operator=(Act&&) = default;
};

// What the detail of a step goes on with that had nothing to do.
inline constexpr const char* k_was_not_there = ", which was not there";
inline constexpr const char* k_was_there = ", which was there already";

// Something that is done to the node: it works, or the harness is broken.
class NodeAct : public Act {
 public:
  Expected<void> perform(Stage& stage, const Step& step) const final;

 private:
  // Do it; `result` takes what it was about and what it did.
  virtual Expected<void> change(Stage& stage, StepResult& result) const = 0;
};

// Something that is asked about a pod, or about each of a group.
class PodAct : public Act {
 public:
  explicit PodAct(std::string pod) : m_pod(std::move(pod)) {}
  Expected<void> perform(Stage& stage, const Step& step) const final;

 protected:
  [[nodiscard]] const std::string& pod() const { return m_pod; }

 private:
  virtual Expected<void> ask(Stage& stage, const std::string& pod, StepResult& result) const = 0;

  std::string m_pod;
};

// StepKind::read of an Act that is made of its fields: by `T::read` where they can be wrong.
template <typename T>
Expected<ActPointer> read_act(const Fields& fields) {
  if constexpr (requires { T::read(fields); }) {
    TRY_ASSIGN(auto act, T::read(fields));
    return std::make_shared<const T>(std::move(act));
  } else {
    return std::make_shared<const T>(fields);
  }
}

}  // namespace cni_matrix::scenario
