#pragma once

#include <cni_matrix/run/listener.hpp>

#include <memory>
#include <vector>

namespace cni_matrix::report {

// Tells several listeners, in their order.
class Reporters : public run::Listener {
 public:
  void add(std::unique_ptr<run::Listener> reporter);

  void run_started(const run::Provenance& provenance, std::size_t cells) override;
  void cell_started(const matrix::Cell& cell) override;
  void cell_finished(const run::CellResult& result) override;
  void cell_not_run(const matrix::Cell& cell) override;
  void node_kept(const matrix::Cell& cell, int pid) override;
  void tick() override;
  void notice(std::string_view text) override;
  void before_waiting(const run::RunSummary& summary) override;
  // All of them finish; the first error is returned.
  Expected<void> run_finished(const run::RunSummary& summary) override;

 private:
  std::vector<std::unique_ptr<run::Listener>> m_reporters;
};

}  // namespace cni_matrix::report
