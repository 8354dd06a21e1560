#pragma once

#include <cni_matrix/run/result.hpp>

#include <string>
#include <string_view>

namespace cni_matrix::report {

// How the console report draws.
struct Style {
  bool colour = false;
  bool unicode = true;
  int columns = 100;

  [[nodiscard]] std::string_view symbol(run::Verdict verdict) const;
  [[nodiscard]] std::string painted(run::Verdict verdict, std::string_view text) const;
  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string dim(std::string_view text) const;
};

}  // namespace cni_matrix::report
