#include "small_matrix.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::matrix {
namespace {

TEST(Expansion, StopsWhenTold) {
  std::size_t seen = 0;
  EXPECT_EQ(for_each_cell(*parse(k_small), {}, [&seen](const Cell&) { return ++seen < 2; }), 2U);
}

}  // namespace
}  // namespace cni_matrix::matrix
