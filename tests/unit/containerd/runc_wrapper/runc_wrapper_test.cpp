#include <cni_matrix/base/process.hpp>

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(RuncWrapper, SaysWhichBundleItCannotRead) {
  const auto result = run_program({CNI_MATRIX_RUNC_WRAPPER, "--root", "/x", "create", "--bundle",
                                   "/no/bundle", "id"})
                          .value();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("/no/bundle/config.json"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace cni_matrix
