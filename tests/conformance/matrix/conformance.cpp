// The cells of a matrix as GoogleTest tests, through the public API: --gtest_filter,
// --gtest_output=xml and GTEST_TOTAL_SHARDS work as ever. CNI_MATRIX_FILE names another matrix.

#include "base/try.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/run/runner.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace cni_matrix {
namespace {

// What all cells share; made once, before the first test.
struct Harness {
  run::RunOptions options;
  artifacts::Provisioner provisioner;
  verdict::KnownBehaviours behaviours;
};

Expected<std::unique_ptr<Harness>> make_harness() {
  run::RunOptions options;
  options.cache = cache_directory();
  artifacts::FetchOptions fetch;
  fetch.sandbox = run::node_sandbox();
  TRY_ASSIGN(auto provisioner, artifacts::Provisioner::open(options.cache, fetch));
  TRY_ASSIGN(auto behaviours, verdict::KnownBehaviours::load());
  return std::make_unique<Harness>(Harness{options, std::move(provisioner), std::move(behaviours)});
}

struct OneResult : run::Listener {
  void cell_finished(const run::CellResult& finished) override { result = finished; }
  run::CellResult result;
};

class CellTest : public testing::Test {
 public:
  CellTest(matrix::Cell cell, Harness& harness) : m_cell(std::move(cell)), m_harness(harness) {}

  void TestBody() override {
    OneResult listener;
    const auto summary = run::run_cells({m_cell}, m_harness.options, m_harness.provisioner,
                                        m_harness.behaviours, listener);
    if (!summary && summary.error().kind == ErrorKind::unavailable) {
      GTEST_SKIP() << summary.error().message;
    }
    ASSERT_TRUE(summary) << summary.error().message;
    const auto& result = listener.result;
    RecordProperty("verdict", std::string(run::name_of(result.verdict)));
    RecordProperty("runtime", result.runtime);
    if (result.verdict == run::Verdict::skip) {
      GTEST_SKIP() << result.reason;
    }
    for (const auto& step : result.steps) {
      if (!step.ok) {
        std::printf("  %s: %s\n", step.step.c_str(), step.error.c_str());
      }
    }
    EXPECT_TRUE(result.verdict == run::Verdict::pass || result.verdict == run::Verdict::known)
        << run::name_of(result.verdict) << ": " << result.reason;
  }

 private:
  matrix::Cell m_cell;
  Harness& m_harness;
};

Expected<void> register_cells(Harness& harness) {
  const char* given = std::getenv("CNI_MATRIX_FILE");  // NOLINT(concurrency-mt-unsafe)
  const auto file = given != nullptr ? std::filesystem::path(given)
                                     : data_directory() / "matrix" / "default.json";
  TRY_ASSIGN(auto spec, matrix::load_matrix(file));
  TRY_ASSIGN(spec, matrix::select(std::move(spec), {}));
  TRY_ASSIGN(const auto cells, matrix::all_cells(spec));
  for (const auto& cell : cells) {
    testing::RegisterTest(
        cell.scenario.c_str(), cell.name().c_str(), nullptr, cell.id().c_str(), __FILE__, __LINE__,
        [cell, &harness]() -> testing::Test* { return new CellTest(cell, harness); });
  }
  return {};
}

}  // namespace
}  // namespace cni_matrix

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  auto harness = cni_matrix::make_harness();
  const auto registered = harness ? cni_matrix::register_cells(**harness)
                                  : cni_matrix::Expected<void>(tl::unexpected(harness.error()));
  if (!registered) {
    std::fprintf(stderr, "conformance: %s\n", registered.error().message.c_str());
    return 2;
  }
  return RUN_ALL_TESTS();
}
