#pragma once

#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/base/json.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cni_matrix::report {

// What `verify-embedded` found: where the embedded runtime and the daemon do not agree.
struct Verification {
  struct Difference {
    std::string what;       // "step", "leftover" or "call"
    std::size_t index = 0;  // from 1, in the order of the cell's steps, leftovers or calls
    std::string daemon;     // what the daemon did; "(nothing)" where it did less
    std::string embedded;
  };
  struct Cell {
    std::string id;    // with the runtime left open
    std::string name;  // likewise
    std::vector<Difference> differences;
  };
  std::vector<Cell> compared;  // ran on both
  struct Trouble {
    std::string name;
    std::string reason;
  };
  std::vector<Trouble> broken;
  std::map<std::string, std::size_t> skipped;       // cells by reason
  std::map<std::string, std::string> not_compared;  // reason by class of leftovers

  [[nodiscard]] std::size_t disagreeing() const;
  [[nodiscard]] std::size_t skipped_cells() const;
};

// matrix/verify.schema.json
Json to_json(const Verification& verification, const Ending& ending);

// A file for it, which is refused before anything runs when it cannot be written ("-" is standard
// output). Error kind: input.
class OutputFile;
class VerificationFile {
 public:
  static Expected<VerificationFile> open(const std::filesystem::path& file);
  VerificationFile(VerificationFile&& other) noexcept;
  VerificationFile(const VerificationFile&) = delete;
  VerificationFile& operator=(const VerificationFile&) = delete;
  VerificationFile& operator=(VerificationFile&& other) noexcept;
  ~VerificationFile();

  // Error kind: broken.
  Expected<void> write(const Verification& verification, const Ending& ending);

 private:
  explicit VerificationFile(std::unique_ptr<OutputFile> output);
  std::unique_ptr<OutputFile> m_output;
};

}  // namespace cni_matrix::report
