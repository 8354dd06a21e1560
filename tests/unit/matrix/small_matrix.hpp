#pragma once

#include <cni_matrix/matrix/matrix.hpp>

#include <string>
#include <vector>

namespace cni_matrix::matrix {

inline Expected<Matrix> parse(const char* text) {
  return matrix_from_json(Json::parse(text), "my.json");
}

inline std::string error_of(const char* text) {
  const auto spec = parse(text);
  if (!spec) {
    return spec.error().message;
  }
  const auto selected = select(*spec, {});
  return selected ? "" : selected.error().message;
}

inline std::vector<std::string> names(const Matrix& spec,
                                      const std::vector<std::string>& cells = {}) {
  std::vector<std::string> result;
  for_each_cell(spec, cells, [&result](const Cell& cell) {
    result.push_back(cell.name());
    return true;
  });
  return result;
}

inline constexpr const char* k_small = R"({"containerd": ["1.6.2", "1.7.0"], "plugins": ["0.9.0"],
  "conflists": [{"file": "bridge-portmap", "cniVersion": ["none", "1.0.0"]}],
  "scenarios": ["lifecycle"]})";

}  // namespace cni_matrix::matrix
