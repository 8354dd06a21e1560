#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(Digest, KnowsTheTestVector) {  // FIPS 180-4
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace cni_matrix
