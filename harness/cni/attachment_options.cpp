#include "attachment_options.hpp"

#include "quantity.hpp"

#include <limits>
#include <utility>

namespace cni_matrix::cni {
namespace {

// ExtractPodBandwidthResources, and toCNIBandWidth around it.
tl::expected<std::int64_t, std::string> bits_per_second(const std::string& quantity,
                                                        const ReleaseFacts& cri) {
  constexpr std::int64_t k_least = 1'000;
  constexpr std::int64_t k_most = 1'000'000'000'000'000;
  const auto error = [](const std::string& text) {
    return tl::unexpected("reading pod bandwidth annotations: " + text);
  };
  const auto value = quantity_value(quantity);
  if (!value) {
    return error(value.error());
  }
  if (*value < k_least) {
    return error("resource is unreasonably small (< 1kbit)");
  }
  if (*value > k_most) {
    return error(cri.misspells_resource ? "resoruce is unreasonably large (> 1Pbit)"
                                        : "resource is unreasonably large (> 1Pbit)");
  }
  return *value;
}

// What becomes the capability "bandwidth"; null when the pod asks for no limit.
tl::expected<OrderedJson, std::string> bandwidth(
    const ReleaseFacts& cri, const std::map<std::string, std::string>& annotations) {
  OrderedJson limits = {
      {"IngressRate", 0}, {"IngressBurst", 0}, {"EgressRate", 0}, {"EgressBurst", 0}};
  bool limited = false;
  for (const auto& [annotation, direction] :
       {std::pair<std::string, std::string>{"kubernetes.io/ingress-bandwidth", "Ingress"},
        {"kubernetes.io/egress-bandwidth", "Egress"}}) {
    if (const auto found = annotations.find(annotation); found != annotations.end()) {
      const auto rate = bits_per_second(found->second, cri);
      if (!rate) {
        return tl::unexpected(rate.error());
      }
      limits[direction + "Rate"] = *rate;
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

tl::expected<AttachmentOptions, std::string> attachment_options(const ReleaseFacts& cri,
                                                                const std::string& id,
                                                                const PodSpec& pod,
                                                                Direction direction) {
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
  // 1.3 does not look at them when it takes the network down.
  tl::expected<OrderedJson, std::string> limits;
  if (!cri.always_passes_capabilities || direction == Direction::setup) {
    limits = bandwidth(cri, pod.annotations);
  }
  if (!limits) {
    return tl::unexpected((cri.always_passes_capabilities
                               ? "failed to get bandwidth info from annotations: "
                               : "get cni namespace options: ") +
                          limits.error());
  }
  if (!limits->is_null()) {
    options.capabilities["bandwidth"] = *std::move(limits);
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
