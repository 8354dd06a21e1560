#include "bundle.hpp"

#include <nlohmann/json.hpp>

namespace cni_matrix {

bool edit_bundle_config(const std::string& text, std::string& edited) {
  auto config = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!config.is_object()) {
    return false;
  }
  if (const auto linux_part = config.find("linux");
      linux_part != config.end() && linux_part->is_object()) {
    linux_part->erase("cgroupsPath");
    linux_part->erase("resources");
  }
  if (const auto mounts = config.find("mounts"); mounts != config.end() && mounts->is_array()) {
    for (auto& mount : *mounts) {
      const bool is_devpts = mount.is_object() && mount.contains("type") &&
                             mount["type"] == "devpts" && mount.contains("options") &&
                             mount["options"].is_array();
      if (!is_devpts) {
        continue;
      }
      auto kept = nlohmann::ordered_json::array();
      for (const auto& option : mount["options"]) {
        if (option != "gid=5") {
          kept.push_back(option);
        }
      }
      mount["options"] = std::move(kept);
    }
  }
  edited = config.dump();
  return true;
}

std::string process_list(const std::string& state) {
  const auto parsed = nlohmann::json::parse(state, nullptr, false);
  const auto pid = parsed.is_object() ? parsed.find("init_process_pid") : parsed.end();
  return pid != parsed.end() && pid->is_number_unsigned() && *pid > 0 ? "[" + pid->dump() + "]"
                                                                      : "";
}

}  // namespace cni_matrix
