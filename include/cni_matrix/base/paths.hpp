#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string_view>

namespace cni_matrix {

// Where matrix/ and scenarios/ are: $CNI_MATRIX_DATA, or share/cni-matrix of the installation
// or beside an installed program, or the source tree that this program was built from.
const std::filesystem::path& data_directory();

// Whether our files are there. Error kinds: input where $CNI_MATRIX_DATA says so, else broken.
Expected<void> check_data_directory();

// Where our helper executables are (recorder, runc-wrapper, pause): libexec/cni-matrix of the
// installation or beside an installed program, or libexec in the build tree.
const std::filesystem::path& libexec_directory();

// $CNI_MATRIX_CACHE, or $XDG_CACHE_HOME/cni-matrix, or ~/.cache/cni-matrix. Absolute, and not
// created here.
std::filesystem::path cache_directory();

// Where the harness is installed (share/cni-matrix and libexec/cni-matrix are there), for a program
// that is not beside it. What is found is not looked for again, so this comes first. The CMake
// package does it for every program that links cni_matrix::harness.
void set_installation(const std::filesystem::path& prefix);

// "0.1.0"
std::string_view program_version();

}  // namespace cni_matrix
