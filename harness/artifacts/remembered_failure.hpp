#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace cni_matrix::artifacts {

// Something that failed not long ago and is not worth the wait again: a host that is away, a suite
// that apt does not get, a package that does not run here.
struct RememberedFailure {
  std::string reason;
  std::chrono::system_clock::time_point when;
  [[nodiscard]] std::string age() const;  // "5 minutes"
};

inline constexpr std::chrono::hours k_failure_memory{1};

// Nothing when there is none, it is older than k_failure_memory, or the file is damaged.
std::optional<RememberedFailure> remembered_failure(const std::filesystem::path& file);
// A memory that cannot be written is no trouble: the next run just tries again.
void remember_failure(const std::filesystem::path& file, const std::string& reason);

}  // namespace cni_matrix::artifacts
