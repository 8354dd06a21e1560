#include "executor.hpp"

#include "act.hpp"
#include "stage.hpp"

#include "base/try.hpp"
#include "steps/families.hpp"

namespace cni_matrix::scenario {

namespace {

// A `run` that failed when it should not have ends the scenario. Where the runtime keeps a record
// of the pod, it is stopped and removed.
Expected<void> end_after_failed_run(Stage& stage) {
  if (const auto status = stage.runtime().network_status()) {
    stage.note_status(*status);
  }
  TRY(stage.find_pods());
  for (const auto& step : steps::clean_up(stage.failed_pod())) {
    TRY(step.act->perform(stage, step));
  }
  return {};
}

Expected<void> do_steps(Stage& stage) {
  TRY(stage.open());
  if (!stage.is_open()) {
    return {};
  }
  for (const auto& step : stage.setup().steps) {
    if (step.condition == Condition::stop_failed && !stage.stop_failed()) {
      continue;
    }
    TRY(step.act->perform(stage, step));
    if (!stage.failed_pod().empty()) {
      return end_after_failed_run(stage);
    }
  }
  return {};
}

}  // namespace

Expected<Outcome> execute(const Setup& setup) {
  Stage stage(setup);
  if (const auto done = do_steps(stage); !done) {
    TRY(stage.note_end_of_runtime(done.error()));
  }
  if (!stage.is_open()) {
    return stage.give_up();
  }
  return stage.close();
}

}  // namespace cni_matrix::scenario
