#include "base/file.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

#include <functional>

namespace cni_matrix {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Json scenario() {
  return Json::parse(R"({"id": "a", "title": "A", "steps": [{"step": "run"}]})");
}

// With `value` where the pointer leads.
std::string refusal(const char* place, const Json& value) {
  auto text = scenario();
  text[Json::json_pointer(place)] = value;
  const auto checked = check_schema(text, "scenario", "a.json");
  return checked ? "" : checked.error().message;
}

TEST(Schema, SaysWhatIsWanted) {
  EXPECT_EQ(refusal("/id", "Bad Name"),
            "a.json: at /id: \"Bad Name\" must be a name of at most 61 lower-case letters, digits "
            "and dashes");
  EXPECT_EQ(refusal("/steps/0/hostPort", 70000),
            "a.json: at /steps/0/hostPort: 70000 must be from 1 to 65535");
  EXPECT_EQ(refusal("/steps/0/hostPort", 0),
            "a.json: at /steps/0/hostPort: 0 must be from 1 to 65535");
  EXPECT_EQ(refusal("/title", ""), "a.json: at /title: \"\" must not be empty");
  EXPECT_EQ(refusal("/steps", Json::array()), "a.json: at /steps: [] must not be empty");
  EXPECT_THAT(refusal("/parameters", {{"Bad Name", {{"kind", "text"}}}}),
              Not(HasSubstr("constraint")));
}

void each_rule(const Json& rule, const std::function<void(const Json&)>& visit) {
  if (rule.is_object()) {
    visit(rule);
  }
  for (const auto& inner : rule) {
    if (inner.is_structured()) {
      each_rule(inner, visit);
    }
  }
}

// A regular expression is no sentence, so beside each stands one.
TEST(Schema, EveryPatternIsToldInWords) {
  for (const auto& file : std::filesystem::directory_iterator(data_directory() / "matrix")) {
    if (!file.path().filename().string().ends_with(".schema.json")) {
      continue;
    }
    each_rule(value_or_throw(load_json(file.path())), [&](const Json& rule) {
      if (rule.contains("pattern") && rule["pattern"].is_string()) {
        EXPECT_TRUE(rule.contains("patternErrorMessage")) << file.path() << ' ' << rule["pattern"];
      }
    });
  }
}

// Whatever is wrong anywhere in a scenario: the words are ours and not the validator's.
TEST(Schema, NoTextOfTheValidatorIsPassedOn) {
  const std::vector<Json> wrong = {nullptr,
                                   true,
                                   -1,
                                   1e9,
                                   "",
                                   "Bad Name!",
                                   {},
                                   Json::array(),
                                   Json{{"Bad Name!", -1}},
                                   Json::array({"", ""}),
                                   std::string(1000, 'x')};
  const auto schema =
      value_or_throw(load_json(data_directory() / "matrix" / "scenario.schema.json"));
  std::vector<std::string> places;
  for (const auto& [key, rule] : schema.at("properties").items()) {
    places.push_back("/" + key);
  }
  const auto& step = schema.at("properties").at("steps").at("items");
  for (const auto& [key, rule] : step.at("properties").items()) {
    places.push_back("/steps/0/" + key);
  }
  for (const auto& place : places) {
    for (const auto& value : wrong) {
      EXPECT_THAT(refusal(place.c_str(), value),
                  AllOf(Not(HasSubstr("constraint")), Not(HasSubstr("Failed")),
                        Not(HasSubstr("Expected")), Not(HasSubstr("no fewer"))))
          << place;
    }
  }
}

}  // namespace
}  // namespace cni_matrix
