#include "attachment_options.hpp"

#include <limits>

namespace cni_matrix::cni {
namespace {

// Bits per second of a quantity as scenarios may write it: "10M".
std::uint64_t bits_per_second(const std::string& quantity) {
  std::uint64_t unit = 1'000;
  unit *= quantity.back() == 'k' ? 1 : quantity.back() == 'M' ? 1'000 : 1'000'000;
  return std::stoull(quantity) * unit;
}

// What becomes the capability "bandwidth"; null when the pod asks for no limit.
OrderedJson bandwidth(const std::map<std::string, std::string>& annotations) {
  OrderedJson limits = {
      {"IngressRate", 0}, {"IngressBurst", 0}, {"EgressRate", 0}, {"EgressBurst", 0}};
  bool limited = false;
  for (const auto& [annotation, direction] :
       {std::pair<std::string, std::string>{"kubernetes.io/ingress-bandwidth", "Ingress"},
        {"kubernetes.io/egress-bandwidth", "Egress"}}) {
    if (const auto found = annotations.find(annotation); found != annotations.end()) {
      limits[direction + "Rate"] = bits_per_second(found->second);
      limits[direction + "Burst"] = std::numeric_limits<std::uint32_t>::max();
      limited = true;
    }
  }
  return limited ? limits : OrderedJson();
}

OrderedJson port_mappings(const std::vector<PortMapping>& mappings) {
  OrderedJson list = OrderedJson::array();
  for (const PortMapping& mapping : mappings) {
    if (mapping.host_port <= 0) {
      continue;
    }
    OrderedJson item = OrderedJson::object();
    item["HostPort"] = mapping.host_port;
    item["ContainerPort"] = mapping.container_port;
    item["Protocol"] = mapping.protocol;
    item["HostIP"] = mapping.host_ip;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace

AttachmentOptions attachment_options(const ReleaseFacts& cri, const std::string& id,
                                     const PodSpec& pod, Direction direction) {
  AttachmentOptions options;
  options.arguments = {{"IgnoreUnknown", "1"},
                       {"K8S_POD_NAMESPACE", pod.pod_namespace},
                       {"K8S_POD_NAME", pod.name},
                       {"K8S_POD_INFRA_CONTAINER_ID", id}};
  if (cri.pod_uid) {
    options.arguments.emplace_back("K8S_POD_UID", pod.uid);
  }
  if (cri.pod_annotations) {
    options.capabilities["io.kubernetes.cri.pod-annotations"] =
        pod.annotations.empty() ? OrderedJson()  // a nil map in Go
                                : OrderedJson(pod.annotations);
  }
  OrderedJson mappings = port_mappings(pod.port_mappings);
  if (!mappings.empty()) {
    options.capabilities["portMappings"] = std::move(mappings);
  } else if (cri.always_passes_capabilities) {
    options.capabilities["portMappings"] = nullptr;  // a nil slice
  }
  if (auto limits = bandwidth(pod.annotations); !limits.is_null()) {
    options.capabilities["bandwidth"] = std::move(limits);
  } else if (cri.always_passes_capabilities && direction == Direction::setup) {
    options.capabilities["bandwidth"] =
        OrderedJson::parse(R"({"IngressRate":0,"IngressBurst":0,"EgressRate":0,"EgressBurst":0})");
  }
  if (const auto& dns = pod.dns; !dns.empty()) {
    options.capabilities["dns"] = {
        {"Servers", dns.servers}, {"Searches", dns.searches}, {"Options", dns.options}};
  }
  return options;
}

}  // namespace cni_matrix::cni
