#pragma once

#include "executable.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace cni_matrix::artifacts {

// What executables said of themselves, by their SHA-256, so that none is run a second time: a file
// each. That one does not run here is remembered for a while only (k_failure_memory), since the
// machine may change.
class ProbeMemory {
 public:
  // An empty folder: no memory.
  explicit ProbeMemory(std::filesystem::path folder) : m_folder(std::move(folder)) {}

  // Nothing when it is not known, or what is there is damaged. `what` is what an error calls it.
  [[nodiscard]] std::optional<Expected<Told>> find(Component component, const std::string& digest,
                                                   std::string_view what) const;
  // Only what the executable itself said: not that it could not be asked.
  void remember(Component component, const std::string& digest, std::string_view what,
                const Expected<Told>& told) const;

 private:
  [[nodiscard]] std::filesystem::path answer(Component component, const std::string& digest) const;
  [[nodiscard]] std::filesystem::path failure(Component component, const std::string& digest,
                                              std::string_view what) const;
  std::filesystem::path m_folder;
};

}  // namespace cni_matrix::artifacts
