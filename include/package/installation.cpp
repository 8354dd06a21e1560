// Compiled into every program that links cni_matrix::harness of an installed package.
#include <cni_matrix/base/paths.hpp>

namespace {

struct Installation {
  Installation() { cni_matrix::set_installation(CNI_MATRIX_INSTALLATION); }
};

const Installation k_installation;

}  // namespace
