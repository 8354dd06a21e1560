#include <cni_matrix/verdict/known_behaviours.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::verdict {
namespace {

using ::testing::HasSubstr;

const KnownBehaviours& shipped() {
  static const auto behaviours = value_or_throw(KnownBehaviours::load());
  return behaviours;
}

TEST(KnownBehaviours, HasTheOnesThatTheReadmeNames) {
  for (const char* id : {"F01", "F02", "F03", "F05", "F10", "F11", "F24", "F25"}) {
    const auto* known = shipped().find(id);
    ASSERT_NE(known, nullptr) << id;
    EXPECT_FALSE(known->remedy.empty());
    EXPECT_FALSE(known->references.empty());
  }
  EXPECT_EQ(shipped().find("F00"), nullptr);
}

TEST(KnownBehaviours, RefusesAnErrorThatIsNoRegularExpression) {
  const auto result = KnownBehaviours::from_json(
      Json::parse(R"({"behaviours": [{"id": "F00", "title": "t", "why": "w", "remedy": "r",
        "since": "1", "until": "2", "evidence": "observed", "references": ["https://x"],
        "cases": [{"kind": "failure", "steps": ["run"], "error": "(("}]}]})"),
      "mine.json");
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, HasSubstr("mine.json: at /behaviours/0/cases/0/error"));
}

}  // namespace
}  // namespace cni_matrix::verdict
