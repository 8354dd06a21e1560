#include "compat/page.hpp"

#include "shipped.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::compat {
namespace {

TEST(Page, IsWhatTheDataSay) {
  const auto file = data_directory() / "matrix" / "compatibility.md";
  EXPECT_EQ(value_or_throw(read_file(file)), value_or_throw(page_of(testing::shipped())))
      << "write it again: cni-matrix compat --page > " << file;
}

TEST(Page, SaysOtherwiseWhereTheDataDo) {
  const auto& known = testing::shipped();
  auto records = known.records();
  records.rows.clear();
  const auto empty = value_or_throw(Knowledge::make(known.behaviours(), std::move(records)));
  const auto page = value_or_throw(page_of(empty));
  EXPECT_THAT(page, ::testing::Not(::testing::HasSubstr("✓ |")));
  EXPECT_THAT(page, ::testing::HasSubstr("| not tried |"));
  EXPECT_THAT(page, ::testing::HasSubstr("[F03](#f03)"));  // known without a run
}

}  // namespace
}  // namespace cni_matrix::compat
