#pragma once

#include <cni_matrix/runtime/pod_runtime.hpp>

#include <map>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// What a step asks for beside the cell's pod.
struct PodRequest {
  std::string handler;  // a runtime handler of the settings in force
  bool host_network = false;
  int host_port = 0;                          // to port 80 of the pod; 0: that of the cell, if any
  std::string host_ip;                        // that the host port is of; empty: every one
  std::vector<std::string> protocols{"tcp"};  // of the host port: "tcp", "udp", "sctp"
  std::map<std::string, std::string> annotations;
  DnsConfig dns;
};

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

  // Makes a group: POD-1, POD-2, ...
  const std::vector<std::string>& make_group(const std::string& name, int count);
  // Of a group, or the pod itself.
  [[nodiscard]] std::vector<std::string> members(const std::string& name) const;

  // What the runtime is asked for.
  PodSpec next(const PodRequest& request);
  // The same for a pod that the scenario has a name for; its id is not known yet.
  PodSpec next(const PodRequest& request, const std::string& name);

  // Take the ids of pods that have none from what the runtime lists.
  void find(const std::vector<PodSandbox>& listed);

 private:
  PodSpec m_spec;
  std::map<std::string, ScenarioPod> m_pods;
  std::map<std::string, std::vector<std::string>> m_groups;
  int m_made = 0;
};

}  // namespace cni_matrix::scenario
