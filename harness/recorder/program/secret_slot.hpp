#pragma once

#include "../proof.hpp"

namespace cni_matrix::recorder {

// The secret of the run, that recorder_with_secret() has put into this executable: copied to `to`,
// k_secret_size bytes. Without one it is zeros, which no worker has.
void copy_secret(unsigned char* to);

}  // namespace cni_matrix::recorder
