#pragma once

#include "step.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace cni_matrix::scenario {

// A pod, or a group of pods, as the steps so far leave it.
struct KnownPod {
  bool certain = true;  // its run is not conditional and is not meant to fail
  bool group = false;
  bool host_network = false;
  bool stopped = false;
  bool removed = false;
  bool netns_gone = false;
};

// What the steps before a step tell, as a scenario is read: no step is about what is not there
// then. Error kind of its functions: input, with the step's place.
class Story {
 public:
  // `name` is what an error names.
  explicit Story(std::string_view name) : m_name(name) {}

  void next() { ++m_step; }  // to the next step

  Expected<void> runs(const std::string& pod, const KnownPod& started);
  // It was run at some time.
  [[nodiscard]] Expected<void> check_known(const std::string& pod) const;
  // For a step that only looks: the pod was not removed, or the step is meant to fail.
  [[nodiscard]] Expected<void> check_there(const std::string& pod, const Step& step) const;
  // For a step that does something to the node in the pod's place: the pod runs.
  [[nodiscard]] Expected<void> check_runs(const std::string& pod) const;
  KnownPod& pod(const std::string& name) { return m_pods[name]; }

  [[nodiscard]] bool any_pod() const { return !m_pods.empty(); }

  template <typename... Args>
  tl::unexpected<Error> refusal(fmt::format_string<Args...> text, Args&&... args) const {
    return input_error("{}: /steps/{}: {}", m_name, m_step - 1,
                       fmt::format(text, std::forward<Args>(args)...));
  }

  RuntimeSettings settings;          // in force
  std::set<std::string> full_disks;  // by what they hold
  bool config_directory_gone = false;
  // For a step that writes the conflist into that directory.
  [[nodiscard]] Expected<void> check_config_directory() const;

 private:
  std::string_view m_name;
  std::size_t m_step = 0;
  std::map<std::string, KnownPod> m_pods;
};

}  // namespace cni_matrix::scenario
