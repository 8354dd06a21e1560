#include "pod_book.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::scenario {

namespace {

// The host port that is asked for, or that of the cell, with each of the protocols.
std::vector<PortMapping> ports_of(const PodRequest& request, std::vector<PortMapping> asked) {
  if (request.host_port > 0) {
    asked = {{"tcp", 80, request.host_port, ""}};
  }
  std::vector<PortMapping> ports;
  for (auto port : asked) {
    for (const auto& protocol : request.protocols) {
      port.protocol = protocol;
      port.host_ip = request.host_ip;
      ports.push_back(port);
    }
  }
  return ports;
}

}  // namespace

const std::vector<std::string>& PodBook::make_group(const std::string& name, int count) {
  auto& group = m_groups[name];
  group.clear();
  for (int i = 1; i <= count; ++i) {
    group.push_back(fmt::format("{}-{}", name, i));
  }
  return group;
}

std::vector<std::string> PodBook::members(const std::string& name) const {
  const auto group = m_groups.find(name);
  return group == m_groups.end() ? std::vector<std::string>{name} : group->second;
}

PodSpec PodBook::next(const PodRequest& request) {
  auto spec = m_spec;
  if (m_made > 0) {
    spec.name += fmt::format("-{}", m_made + 1);
    spec.uid += fmt::format("-{}", m_made + 1);
  }
  ++m_made;
  spec.handler = request.handler;
  spec.host_network = request.host_network;
  spec.annotations = request.annotations;
  spec.dns = request.dns;
  spec.port_mappings = ports_of(request, std::move(spec.port_mappings));
  return spec;
}

PodSpec PodBook::next(const PodRequest& request, const std::string& name) {
  m_pods[name] = {"", next(request)};
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
