#include "reporters.hpp"

#include <utility>

namespace cni_matrix::report {

void Reporters::add(std::unique_ptr<run::Listener> reporter) {
  m_reporters.push_back(std::move(reporter));
}

void Reporters::run_started(const run::Provenance& provenance, std::size_t cells) {
  for (const auto& reporter : m_reporters) {
    reporter->run_started(provenance, cells);
  }
}

void Reporters::cell_started(const matrix::Cell& cell) {
  for (const auto& reporter : m_reporters) {
    reporter->cell_started(cell);
  }
}

void Reporters::cell_finished(const run::CellResult& result) {
  for (const auto& reporter : m_reporters) {
    reporter->cell_finished(result);
  }
}

void Reporters::cell_not_run(const matrix::Cell& cell) {
  for (const auto& reporter : m_reporters) {
    reporter->cell_not_run(cell);
  }
}

void Reporters::node_kept(const matrix::Cell& cell, int pid) {
  for (const auto& reporter : m_reporters) {
    reporter->node_kept(cell, pid);
  }
}

void Reporters::tick() {
  for (const auto& reporter : m_reporters) {
    reporter->tick();
  }
}

void Reporters::notice(std::string_view text) {
  for (const auto& reporter : m_reporters) {
    reporter->notice(text);
  }
}

void Reporters::before_waiting(const run::RunSummary& summary) {
  for (const auto& reporter : m_reporters) {
    reporter->before_waiting(summary);
  }
}

Expected<void> Reporters::run_finished(const run::RunSummary& summary) {
  Expected<void> outcome;
  for (const auto& reporter : m_reporters) {
    auto one = reporter->run_finished(summary);
    if (outcome && !one) {
      outcome = std::move(one);
    }
  }
  return outcome;
}

}  // namespace cni_matrix::report
