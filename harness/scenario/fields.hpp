#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cni_matrix::scenario {

// A step as a scenario writes it. Its keys are those of its kind, and their types are right: it has
// passed the schema.
class Fields {
 public:
  // `place` starts the message of an error: "my.json: /steps/3".
  Fields(const Json& value, std::string place) : m_value(value), m_place(std::move(place)) {}

  [[nodiscard]] const Json& all() const { return m_value; }
  [[nodiscard]] const std::string& place() const { return m_place; }
  [[nodiscard]] bool has(const char* key) const { return m_value.contains(key); }
  [[nodiscard]] const Json& at(const char* key) const { return m_value.at(key); }

  [[nodiscard]] std::string text(const char* key, const char* fallback = "") const {
    return m_value.value(key, fallback);
  }
  [[nodiscard]] int number(const char* key, int fallback = 0) const {
    return m_value.value(key, fallback);
  }
  [[nodiscard]] bool flag(const char* key, bool fallback = false) const {
    return m_value.value(key, fallback);
  }
  [[nodiscard]] std::vector<std::string> texts(const char* key,
                                               std::vector<std::string> fallback = {}) const {
    return m_value.value(key, std::move(fallback));
  }
  [[nodiscard]] std::string pod() const { return text("pod", "pod"); }

  // Of these kinds: input. A regular expression, or nothing where the key is missing.
  [[nodiscard]] Expected<std::string> regex(const char* key) const;
  [[nodiscard]] Expected<std::string> one_of(const char* key,
                                             std::initializer_list<std::string_view> words,
                                             const char* fallback = "") const;
  template <typename... Args>
  tl::unexpected<Error> refusal(fmt::format_string<Args...> text, Args&&... args) const {
    return input_error("{}{}", m_place, fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  const Json& m_value;
  std::string m_place;
};

}  // namespace cni_matrix::scenario
