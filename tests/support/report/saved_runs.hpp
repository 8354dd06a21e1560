#pragma once

#include "sample.hpp"

#include "base/file.hpp"
#include "report/json.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::report::testing {

// Runs in files, as `run --json` writes them.
class SavedRuns : public ::testing::Test {
 protected:
  void SetUp() override { m_directory = value_or_throw(TemporaryDirectory::create()); }

  std::filesystem::path save(const std::string& name, const std::vector<run::CellResult>& results) {
    auto file = m_directory->path() / name;
    const auto reporter = value_or_throw(make_json_reporter(file));
    EXPECT_TRUE(tell(*reporter, results));
    return file;
  }

  std::optional<TemporaryDirectory> m_directory;
};

}  // namespace cni_matrix::report::testing
