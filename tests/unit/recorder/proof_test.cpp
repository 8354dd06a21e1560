#include "recorder/proof.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace cni_matrix::recorder {
namespace {

using Bytes = std::array<unsigned char, k_proof_size>;

Bytes next(ConnectionProof& proof, std::string_view chunks) {
  Bytes bytes{};
  proof.of_next_record(chunks.data(), chunks.size(), bytes.data());
  return bytes;
}

TEST(ProofTest, DependsOnEverything) {
  const auto proof_of = [](unsigned char secret, unsigned char recorder, unsigned char worker) {
    const std::array<unsigned char, 32> secrets{secret};
    const std::array<unsigned char, 32> recorders{recorder};
    const std::array<unsigned char, 32> workers{worker};
    return ConnectionProof(secrets.data(), recorders.data(), workers.data());
  };
  ConnectionProof first = proof_of(1, 2, 3);
  ConnectionProof second = proof_of(1, 2, 3);
  Bytes mine{};
  Bytes others{};
  first.of_worker(mine.data());
  second.of_worker(others.data());
  EXPECT_EQ(mine, others);
  EXPECT_EQ(next(first, "a"), next(second, "a"));
  EXPECT_EQ(next(first, "a"), next(second, "a"));  // it goes on alike
  EXPECT_NE(next(first, "a"), next(second, "b"));
  EXPECT_EQ(next(first, "a"), next(second, "a"));
  (void)next(first, "a");
  EXPECT_NE(next(first, "a"), next(second, "a"));  // one was left out
  for (ConnectionProof other : {proof_of(9, 2, 3), proof_of(1, 9, 3), proof_of(1, 2, 9)}) {
    ConnectionProof fresh = proof_of(1, 2, 3);
    other.of_worker(others.data());
    EXPECT_NE(mine, others);
    EXPECT_NE(next(fresh, "a"), next(other, "a"));
  }
}

}  // namespace
}  // namespace cni_matrix::recorder
