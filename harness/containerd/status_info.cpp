#include "status_info.hpp"

#include <string_view>

namespace cni_matrix::containerd {
namespace {

constexpr std::string_view k_load_status = "lastCNILoadStatus";

// A value is JSON in most versions and plain text in some: `OK`, `"OK"`, `{...}`.
Json parse_or_text(const std::string& value) {
  Json parsed = Json::parse(value, nullptr, false);
  return parsed.is_discarded() ? Json(value) : parsed;
}

}  // namespace

void read_network_info(const VerboseInfo& info, NetworkStatus& status) {
  for (const auto& [key, value] : info) {
    if (key == "cniconfig") {
      status.configuration = Json::parse(value, nullptr, false);
      if (status.configuration.is_discarded()) {
        status.configuration = nullptr;
      }
    } else if (key.starts_with(k_load_status)) {
      const Json parsed = parse_or_text(value);
      status.load_status[key] = parsed.is_string() ? parsed.get<std::string>() : value;
    }
  }
}

std::string netns_of(const VerboseInfo& info) {
  const auto text = info.find("info");
  if (text == info.end()) {
    return {};
  }
  const Json parsed = Json::parse(text->second, nullptr, false);
  const Json::json_pointer pointer("/runtimeSpec/linux/namespaces");
  if (!parsed.is_object() || !parsed.contains(pointer) || !parsed.at(pointer).is_array()) {
    return {};
  }
  for (const Json& entry : parsed.at(pointer)) {
    if (entry.is_object() && entry.value("type", "") == "network") {
      return entry.value("path", "");
    }
  }
  return {};
}

int pid_of(const VerboseInfo& info) {
  const auto text = info.find("info");
  if (text == info.end()) {
    return 0;
  }
  const Json parsed = Json::parse(text->second, nullptr, false);
  const auto pid = parsed.is_object() ? parsed.find("pid") : parsed.end();
  constexpr unsigned k_largest = 1U << 22U;  // PID_MAX_LIMIT
  return pid != parsed.end() && pid->is_number_unsigned() && *pid <= k_largest ? pid->get<int>()
                                                                               : 0;
}

}  // namespace cni_matrix::containerd
