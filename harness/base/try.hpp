#pragma once

#include <cni_matrix/base/error.hpp>

// Return the error of an Expected to the caller.
#define TRY(expression)                                         \
  do {                                                          \
    if (auto cni_matrix_try = (expression); !cni_matrix_try) {  \
      return tl::unexpected(std::move(cni_matrix_try).error()); \
    }                                                           \
  } while (false)

#define CNI_MATRIX_CONCAT_(a, b) a##b
#define CNI_MATRIX_CONCAT(a, b) CNI_MATRIX_CONCAT_(a, b)
#define CNI_MATRIX_TRY_ASSIGN_(temporary, target, expression) \
  auto temporary = (expression);                              \
  if (!temporary) {                                           \
    return tl::unexpected(std::move(temporary).error());      \
  }                                                           \
  target = std::move(*temporary)

// Assign the value of an Expected, or return its error: TRY_ASSIGN(auto text, read_file(p));
#define TRY_ASSIGN(target, expression) \
  CNI_MATRIX_TRY_ASSIGN_(CNI_MATRIX_CONCAT(cni_matrix_value_, __LINE__), target, expression)
