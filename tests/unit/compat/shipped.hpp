#pragma once

#include "base/text.hpp"
#include "compat/answer.hpp"
#include "compat/question.hpp"
#include <cni_matrix/matrix/matrix.hpp>

#include <string>
#include <vector>

// The shipped data, read once.
namespace cni_matrix::compat::testing {

inline const Knowledge& shipped() {
  static const auto knowledge = value_or_throw(Knowledge::load(Records::shipped_file()));
  return knowledge;
}

inline Version version(const std::string& text) {
  return value_or_throw(Version::parse(text));
}

inline NetworkList shipped_list(const std::string& name) {
  return value_or_throw(NetworkList::load(value_or_throw(matrix::find_conflist(name, {}))));
}

inline Answer answer(const std::string& containerd, const std::string& plugins,
                     const std::string& cni_version, const std::string& list = "bridge-portmap") {
  return shipped().answer(version(containerd), version(plugins), shipped_list(list), cni_version);
}

inline std::vector<std::string> ids_of(const Answer& answer) {
  std::vector<std::string> ids;
  for (const auto& foreseen : answer.behaviours) {
    ids.push_back(foreseen.behaviour->id);
  }
  return ids;
}

}  // namespace cni_matrix::compat::testing
