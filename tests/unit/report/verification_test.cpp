#include "report/verification.hpp"

#include "saved_runs.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::report::testing {
namespace {

class VerificationReport : public SavedRuns {};

TEST_F(VerificationReport, IsADocumentOfItsSchema) {
  Verification found;
  found.compared = {{"0123456789", "a/b/c/d", {}},
                    {"0123456780", "e/f/g/h", {{"step", 1, "ok", "\x1b[2J\xff"}}}};
  found.broken = {{"i", "no node"}};
  found.skipped = {{"no containerd", 3}};
  found.not_compared = {{"mount", "a daemon's"}};
  const auto file = m_directory->path() / "verify.json";
  auto output = value_or_throw(VerificationFile::open(file));
  ASSERT_TRUE(output.write(found, {ExitStatus::broken, "trouble"}));
  const auto document = value_or_throw(load_json(file));
  const auto checked = check_schema(document, "verify", "verify.json");
  EXPECT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(document["summary"]["agree"], 1);
  EXPECT_EQ(document["summary"]["disagree"], 1);
  EXPECT_EQ(document["summary"]["skipped"], 3);
  EXPECT_EQ(document["summary"]["exit_status"], 3);
  EXPECT_FALSE(VerificationFile::open(m_directory->path()));
}

}  // namespace
}  // namespace cni_matrix::report::testing
