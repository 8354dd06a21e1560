#pragma once

#include "cni/libcni.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::testing {

// Something to do with libcni; the fields are those of oracle/main.go.
struct Operation {
  std::string op;
  std::string file;
  std::string bytes;
  std::string version;
  std::string to;
  cni::RuntimeConf runtime;
  std::vector<cni::ValidAttachment> valid;  // gc
};

struct Answer {
  std::string error;
  std::string output;
  std::map<std::string, std::string> files;  // of the cache, after it; base64

  friend bool operator==(const Answer&, const Answer&) = default;
};

void PrintTo(const Answer& answer, std::ostream* out);  // NOLINT(readability-identifier-naming)

struct Directories {
  std::filesystem::path plugins;
  std::filesystem::path cache;
};

// The real libcni of the host's Debian package, in a Go program of ours (oracle/main.go).
class Oracle {
 public:
  // Error kind: unavailable, without the Go compiler or the package. To check another release by
  // hand, set CNI_MATRIX_TEST_LIBCNI_GOPATH and CNI_MATRIX_TEST_LIBCNI_VERSION, and
  // CNI_MATRIX_TEST_GO to a compiler that is new enough for it (1.21 for libcni 1.2 on).
  static Expected<Oracle> build();

  [[nodiscard]] const Version& version() const { return m_version; }
  [[nodiscard]] Expected<std::vector<Answer>> run(const std::vector<Operation>& operations,
                                                  const Directories& directories) const;

 private:
  Oracle(std::filesystem::path program, Version version)
      : m_program(std::move(program)), m_version(std::move(version)) {}
  std::filesystem::path m_program;
  Version m_version;
};

// The same operations done by our model.
std::vector<Answer> run_model(const Version& libcni, const std::vector<Operation>& operations,
                              const Directories& directories);

}  // namespace cni_matrix::testing
