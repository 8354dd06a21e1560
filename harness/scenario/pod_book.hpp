#pragma once

#include <cni_matrix/runtime/pod_runtime.hpp>
#include <cni_matrix/scenario/scenario.hpp>

#include <map>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// A pod by the scenario's name of it.
struct ScenarioPod {
  std::string id;  // empty: the runtime has no record of it
  PodSpec spec;    // as it was last asked for
};

// The pods of a scenario and its groups of them.
class PodBook {
 public:
  // `spec` is the cell's pod; each one after the first gets a name and uid of its own.
  explicit PodBook(PodSpec spec) : m_spec(std::move(spec)) {}

  ScenarioPod& operator[](const std::string& name) { return m_pods[name]; }
  [[nodiscard]] const std::map<std::string, ScenarioPod>& all() const { return m_pods; }

  // The pods that a step is about: a group's members, or the one. A `run` with a count makes the
  // group.
  std::vector<std::string> members(const scenario::Step& step);
  // Of a group, or the pod itself.
  [[nodiscard]] std::vector<std::string> members(const std::string& name) const;

  // What a `run` asks the runtime for.
  PodSpec next(const scenario::Step& step);
  // The same for a pod that the scenario has a name for; its id is not known yet.
  PodSpec next(const scenario::Step& step, const std::string& name);

  // Take the ids of pods that have none from what the runtime lists.
  void find(const std::vector<PodSandbox>& listed);

 private:
  PodSpec m_spec;
  std::map<std::string, ScenarioPod> m_pods;
  std::map<std::string, std::vector<std::string>> m_groups;
  int m_made = 0;
};

}  // namespace cni_matrix::scenario
