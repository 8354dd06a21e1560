#pragma once

#include "base/file.hpp"
#include "base/text.hpp"
#include <cni_matrix/base/json.hpp>

#include <map>
#include <string>
#include <vector>

// The rows of tests/data/observed-outcomes.jsonl: outcomes seen with real binaries.
namespace cni_matrix::testing {

inline std::vector<Json> rows_of_outcomes() {
  std::vector<Json> rows;
  const auto text = value_or_throw(read_file(CNI_MATRIX_TEST_DATA "/observed-outcomes.jsonl"));
  for (const auto& line : split(text, '\n')) {
    if (!line.empty()) {
      rows.push_back(Json::parse(line));
    }
  }
  return rows;
}

// The scenario that a row is of, under the name that it has today.
inline std::string scenario_of(const Json& row) {
  static const std::map<std::string, std::string> k_renamed = {
      {"runtime-upgrade", "replace-runtime"},
      {"plugin-swap", "replace-plugins"},
      {"restart", "restart-runtime"},
      {"conf-removed", "conflist-gone"},
      {"conf-restored", "conflist-gone-restored"},
      {"plugin-missing-before-run", "plugin-gone-before-run"},
      {"plugin-missing-before-stop", "plugin-gone-before-stop"},
      {"plugin-restored", "plugin-gone-restored"}};
  auto scenario = row.at("scenario").get<std::string>();
  const auto renamed = k_renamed.find(scenario);
  return renamed == k_renamed.end() ? scenario : renamed->second;
}

}  // namespace cni_matrix::testing
