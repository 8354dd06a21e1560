#include "verification.hpp"

#include "output_file.hpp"

#include "base/text.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <utility>

namespace cni_matrix::report {

std::size_t Verification::disagreeing() const {
  return static_cast<std::size_t>(
      std::count_if(compared.begin(), compared.end(),
                    [](const Cell& cell) { return !cell.differences.empty(); }));
}

std::size_t Verification::skipped_cells() const {
  std::size_t cells = 0;
  for (const auto& [reason, count] : skipped) {
    cells += count;
  }
  return cells;
}

Json to_json(const Verification& verification, const Ending& ending) {
  Json cells = Json::array();
  for (const auto& cell : verification.compared) {
    Json differences = Json::array();
    for (const auto& difference : cell.differences) {
      differences.push_back({{"what", difference.what},
                             {"index", difference.index},
                             {"daemon", printable(difference.daemon)},
                             {"embedded", printable(difference.embedded)}});
    }
    cells.push_back({{"id", cell.id},
                     {"name", cell.name},
                     {"agrees", cell.differences.empty()},
                     {"differences", std::move(differences)}});
  }
  Json broken = Json::array();
  for (const auto& trouble : verification.broken) {
    broken.push_back({{"name", trouble.name}, {"reason", printable(trouble.reason)}});
  }
  Json skipped = Json::array();
  for (const auto& [reason, count] : verification.skipped) {
    skipped.push_back({{"reason", printable(reason)}, {"cells", count}});
  }
  return {{"format", "cni-matrix-verify"},
          {"version", 1},
          {"cells", std::move(cells)},
          {"broken", std::move(broken)},
          {"skipped", std::move(skipped)},
          {"not_compared", verification.not_compared},
          {"summary",
           {{"compared", verification.compared.size()},
            {"agree", verification.compared.size() - verification.disagreeing()},
            {"disagree", verification.disagreeing()},
            {"skipped", verification.skipped_cells()},
            {"broken", verification.broken.size()},
            {"exit_status", number_of(ending.status)},
            {"says", printable(ending.words)}}}};
}

Expected<VerificationFile> VerificationFile::open(const std::filesystem::path& file) {
  TRY_ASSIGN(auto output, OutputFile::open(file));
  return VerificationFile(std::make_unique<OutputFile>(std::move(output)));
}

VerificationFile::VerificationFile(std::unique_ptr<OutputFile> output)
    : m_output(std::move(output)) {}
VerificationFile::VerificationFile(VerificationFile&& other) noexcept = default;
VerificationFile& VerificationFile::operator=(VerificationFile&& other) noexcept = default;
VerificationFile::~VerificationFile() = default;

Expected<void> VerificationFile::write(const Verification& verification, const Ending& ending) {
  m_output->begin();
  m_output->write(
      to_json(verification, ending).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  return m_output->finish();
}

}  // namespace cni_matrix::report
