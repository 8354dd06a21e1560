// Runs one cell: real plugins, called as containerd 1.6.20 would.
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/run/runner.hpp>

#include <cstdio>

using namespace cni_matrix;

struct Printer : run::Listener {
  void cell_finished(const run::CellResult& result) override {
    std::printf("%s: %s %s\n", result.cell.name().c_str(), name_of(result.verdict).data(),
                result.reason.c_str());
  }
};

int main() try {
  matrix::Selection wanted;
  wanted.containerd = {"1.6.20"};
  wanted.plugins = {"debian:bookworm"};
  wanted.runtime = matrix::RuntimeChoice::embedded;
  const auto cells = value_or_throw(matrix::all_cells(value_or_throw(matrix::select({}, wanted))));
  run::RunOptions options;
  options.cache = cache_directory();
  options.jobs = run::default_jobs();
  artifacts::FetchOptions fetch;
  fetch.sandbox = run::node_sandbox();
  auto provisioner = value_or_throw(artifacts::Provisioner::open(options.cache, fetch));
  const auto behaviours = value_or_throw(verdict::KnownBehaviours::load());
  Printer printer;
  std::printf("with %s and %s\n", data_directory().c_str(), libexec_directory().c_str());
  return value_or_throw(run::run_cells(cells, options, provisioner, behaviours, printer))
      .exit_status();
} catch (const Failure& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return number_of(status_of(failure.error().kind));
}
