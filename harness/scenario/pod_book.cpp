#include "pod_book.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::scenario {

namespace {

// The step's host port, or that of the cell, with each of the step's protocols.
std::vector<PortMapping> ports_of(const scenario::Step& step, std::vector<PortMapping> asked) {
  if (step.host_port > 0) {
    asked = {{"tcp", 80, step.host_port, ""}};
  }
  std::vector<PortMapping> ports;
  for (auto port : asked) {
    for (const auto& protocol : step.protocols) {
      port.protocol = protocol;
      ports.push_back(port);
    }
  }
  return ports;
}

}  // namespace

std::vector<std::string> PodBook::members(const scenario::Step& step) {
  if (step.kind == scenario::StepKind::run && step.count > 0) {
    auto& group = m_groups[step.pod];
    group.clear();
    for (int i = 1; i <= step.count; ++i) {
      group.push_back(fmt::format("{}-{}", step.pod, i));
    }
    return group;
  }
  return members(step.pod);
}

std::vector<std::string> PodBook::members(const std::string& name) const {
  const auto group = m_groups.find(name);
  return group == m_groups.end() ? std::vector<std::string>{name} : group->second;
}

PodSpec PodBook::next(const scenario::Step& step) {
  auto spec = m_spec;
  if (m_made > 0) {
    spec.name += fmt::format("-{}", m_made + 1);
    spec.uid += fmt::format("-{}", m_made + 1);
  }
  ++m_made;
  spec.handler = step.handler;
  spec.host_network = step.host_network;
  spec.annotations = step.annotations;
  spec.dns = step.dns;
  spec.port_mappings = ports_of(step, std::move(spec.port_mappings));
  return spec;
}

PodSpec PodBook::next(const scenario::Step& step, const std::string& name) {
  m_pods[name] = {"", next(step)};
  return m_pods[name].spec;
}

void PodBook::find(const std::vector<PodSandbox>& listed) {
  for (auto& [name, pod] : m_pods) {
    const auto& known_as = pod.spec.name;
    const auto found = std::find_if(listed.begin(), listed.end(), [&](const PodSandbox& sandbox) {
      return sandbox.name == known_as;
    });
    if (pod.id.empty() && found != listed.end()) {
      pod.id = found->id;
    }
  }
}

}  // namespace cni_matrix::scenario
