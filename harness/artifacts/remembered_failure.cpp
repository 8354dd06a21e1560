#include "remembered_failure.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include <cni_matrix/base/json.hpp>

namespace cni_matrix::artifacts {

std::string RememberedFailure::age() const {
  const auto passed = std::chrono::system_clock::now() - when;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(passed).count();
  return minutes < 1 ? "less than a minute" : fmt::format("{} min", minutes);
}

std::optional<RememberedFailure> remembered_failure(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return std::nullopt;
  }
  const auto json = load_json(file);
  if (!json || !json->is_object() || !json->contains("reason") || !json->contains("when") ||
      !(*json)["reason"].is_string() || !(*json)["when"].is_number_integer()) {
    return std::nullopt;
  }
  RememberedFailure failure;
  failure.reason = (*json)["reason"].get<std::string>();
  failure.when = std::chrono::system_clock::time_point(
      std::chrono::seconds((*json)["when"].get<std::int64_t>()));
  const auto passed = std::chrono::system_clock::now() - failure.when;
  if (passed < std::chrono::seconds(-60) || passed > k_failure_memory) {
    return std::nullopt;
  }
  return failure;
}

void remember_failure(const std::filesystem::path& file, const std::string& reason) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const Json json{{"reason", without_credentials(reason)}, {"when", now.count()}};
  static_cast<void>(write_file_atomic(file, json.dump() + "\n"));
}

}  // namespace cni_matrix::artifacts
