#pragma once

#include "configuration_wait.hpp"
#include "conflist_file.hpp"
#include "executor.hpp"
#include "leftovers_watch.hpp"
#include "plugin_directory.hpp"
#include "pod_book.hpp"
#include "step.hpp"
#include "xtables_lock.hpp"

#include "cni/libcni_caller.hpp"
#include "equipment/daemons.hpp"
#include "equipment/set_up.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/recorder/faults.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cni_matrix::scenario {

// The node, the runtime and the pods that steps are done on, and what came of them so far. Error
// kinds of its functions: as execute().
class Stage {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Stage(const Setup& setup);

  // Put plugins, configuration and what the node's description has in their places and start the
  // cell's runtime. A node that does not come to be as it is described is a result, and then the
  // stage is not open.
  Expected<void> open();
  // A runtime that has ended by itself is a result, and ends the scenario: then the error, which
  // came of that, is noted as such. Any other is returned.
  Expected<void> note_end_of_runtime(const Error& error);
  [[nodiscard]] bool is_open() const { return m_runtime != nullptr; }
  // What was noted, where it is not open.
  Outcome give_up() { return std::move(m_outcome); }
  // What is left, and all that was noted. Nothing can be done afterwards.
  Expected<Outcome> close();

  // Do something for a step, and note how it went. `pod` is empty where it is about none.
  Expected<void> note(const Step& step, const std::string& pod,
                      const std::function<Expected<void>(StepResult&)>& work);
  // The parts of note(), for several pods at once: what is known before, and what follows.
  StepResult begin(const Step& step, const std::string& pod);
  Expected<void> end(const Step& step, Clock::time_point begin, StepResult result);
  // A result that comes beside that of the step.
  void add(StepResult result) { m_outcome.steps.push_back(std::move(result)); }
  void tell(const std::string& what);

  [[nodiscard]] const Setup& setup() const { return m_setup; }
  [[nodiscard]] PodRuntime& runtime() const { return *m_runtime; }
  PodBook& pods() { return m_pods; }
  ConflistFile& conflist() { return m_conflist; }
  PluginDirectory& plugins() { return m_plugins; }
  LeftoversWatch& watch() { return m_watch; }
  XtablesLock& xtables_lock() { return m_xtables_lock; }

  // Write the configuration as it is now.
  Expected<void> write_conflist();
  // Wait until the runtime has it in force, or, where it is null, none.
  Expected<void> await_configuration(const Json& wanted);
  // Before a file of a configuration directory changes without a wait for what comes of it.
  void note_change();
  // What was noted since the last time.
  std::optional<ConfigurationChange> take_change() { return std::exchange(m_change, std::nullopt); }
  void note_status(const NetworkStatus& status) { m_outcome.network = status; }

  // Those of the cell, or of the last step that asked for some; absent: none has.
  std::optional<RuntimeSettings>& settings() { return m_settings; }
  // Of the containerd that runs.
  [[nodiscard]] const std::string& runtime_token() const { return m_runtime_token; }
  Expected<void> start_runtime(const std::string& token);
  // A pod whose run was cut short may have a record all the same.
  Expected<void> find_pods();

  // What our own caller of libcni and what damages an attachment have to know of a pod.
  Expected<cni::AttachedPod> attached(const std::string& pod);
  void note_netns_gone(const std::string& path);
  // What is done to the node before the first step, and again after a reboot. False when it does
  // not come to be as it is described: that is noted.
  Expected<bool> prepare_node(equipment::Boot boot);
  // Of the node's description.
  equipment::Daemons& daemons() { return m_daemons; }
  // The runtime's process is told to the recorder from now on.
  Expected<void> place_fault(const recorder::Fault& fault);

  void take_start(const Step& step, const std::string& pod,
                  const RuntimeResult<std::string>& answer, StepResult& result);
  // A pod whose run failed when it should not have; empty: none.
  [[nodiscard]] const std::string& failed_pod() const { return m_failed_pod; }
  void set_stop_failed(bool failed) { m_stop_failed = failed; }
  [[nodiscard]] bool stop_failed() const { return m_stop_failed; }

 private:
  Expected<void> begin_watch();
  [[nodiscard]] bool is_in_force(const std::vector<std::filesystem::path>& files) const;
  [[nodiscard]] bool came_to_deadline(const Step& step, const StepResult& result) const;
  // Daemons that ended by themselves are noted, or started again.
  Expected<void> look_after_daemons();
  void note_node(std::string_view step, const std::string& what, std::string error);

  const Setup& m_setup;
  ConflistFile m_conflist;
  PluginDirectory m_plugins;
  std::unique_ptr<PodRuntime> m_runtime;
  std::string m_runtime_token;
  std::optional<RuntimeSettings> m_settings;
  equipment::Daemons m_daemons;
  LeftoversWatch m_watch;
  Outcome m_outcome;
  PodBook m_pods;
  XtablesLock m_xtables_lock;
  std::optional<ConfigurationChange> m_change;
  std::string m_failed_pod;
  bool m_stop_failed = false;
  bool m_has_faults = false;
  bool m_watches = false;  // what there was at the beginning is known
  std::string m_doing;     // what was told last
};

// A runtime's answer as a result.
template <typename T>
void take_answer(const RuntimeResult<T>& answer, StepResult& result) {
  result.ok = answer.has_value();
  if (!answer) {
    result.code = answer.error().code;
    result.error = answer.error().message;
  }
}

}  // namespace cni_matrix::scenario
