#include "file.hpp"
#include "text.hpp"
#include "try.hpp"

#include <cni_matrix/base/json.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace cni_matrix {

namespace {

constexpr int k_depth_limit = 200;
constexpr std::size_t k_file_limit = 16U << 20U;

// Where a comment that begins at `at` ends: at its last character. `at` itself when there is none.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  const auto two = text.substr(at, 2);
  if (two != "//" && two != "/*") {
    return at;
  }
  const auto end = two == "//" ? text.find('\n', at) : text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + (two == "//" ? 0 : 1);
}

// nlohmann's parser builds values of any depth, and then their destructor recurses.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '/') {
      i = end_of_comment(text, i);
    } else if (c == '[' || c == '{') {
      if (++depth > k_depth_limit) {
        return true;
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." without its
// prefix, which says nothing to a person.
std::string plain_message(const nlohmann::json::exception& error) {
  const std::string_view text = error.what();
  if (const auto colon = text.find(": "); colon != std::string_view::npos) {
    return excerpt(text.substr(colon + 2));
  }
  const auto bracket = text.find("] ");
  return excerpt(bracket == std::string_view::npos ? text : text.substr(bracket + 2));
}

// Hears of a text's objects and keys, and notes the first key that stands twice in one object.
class DuplicateKeys {
 public:
  void hear(Json::parse_event_t event, const Json& value) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        next_item();
        m_open.emplace_back();
        m_open.back().is_array = event == Json::parse_event_t::array_start;
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        m_open.pop_back();
        break;
      case Json::parse_event_t::key:
        m_open.back().key = value.get<std::string>();
        if (!m_open.back().keys.insert(m_open.back().key).second && m_found.empty()) {
          m_found = fmt::format("at {}: the key \"{}\" stands there twice; take one of them out",
                                place(), excerpt(m_open.back().key, k_key_limit));
        }
        break;
      case Json::parse_event_t::value:
        next_item();
        break;
    }
  }

  [[nodiscard]] const std::string& found() const { return m_found; }

 private:
  static constexpr std::size_t k_key_limit = 80;

  struct Open {
    bool is_array = false;
    std::size_t items = 0;  // of an array, begun so far
    std::string key;        // of an object, the last one
    std::set<std::string> keys;
  };

  void next_item() {
    if (!m_open.empty() && m_open.back().is_array) {
      ++m_open.back().items;
    }
  }

  // Of the object that is open, as a JSON pointer.
  [[nodiscard]] std::string place() const {
    std::string text;
    for (std::size_t i = 0; i + 1 < m_open.size(); ++i) {
      text += "/" + (m_open[i].is_array ? std::to_string(m_open[i].items - 1)
                                        : excerpt(m_open[i].key, k_key_limit));
    }
    return text.empty() ? "/" : text;
  }

  std::vector<Open> m_open;
  std::string m_found;
};

Expected<Json> parse(std::string_view text, std::string_view name,
                     const Json::parser_callback_t& listener) {
  if (too_deep(text)) {
    return input_error("{}: nested deeper than {} levels", name, k_depth_limit);
  }
  try {
    return Json::parse(text, listener, true, true);
  } catch (const Json::parse_error& error) {
    const auto at = std::min(error.byte == 0 ? 0 : error.byte - 1, text.size());
    const auto before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto newline = before.rfind('\n');
    const auto column = at - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    return input_error("{}:{}:{}: not JSON: {}", name, line, column, plain_message(error));
  } catch (const Json::exception& error) {  // a number beyond all bounds
    return input_error("{}: not JSON: {}", name, plain_message(error));
  }
}

}  // namespace

Expected<Json> parse_json(std::string_view text, std::string_view name) {
  return parse(text, name, nullptr);
}

Expected<Json> parse_own_json(std::string_view text, std::string_view name) {
  DuplicateKeys keys;
  TRY_ASSIGN(auto value, parse(text, name, [&keys](int, Json::parse_event_t event, Json& heard) {
               keys.hear(event, heard);
               return true;
             }));
  if (!keys.found().empty()) {
    return input_error("{}: {}", name, keys.found());
  }
  return value;
}

Expected<Json> load_json(const std::filesystem::path& file) {
  TRY_ASSIGN(const auto text, read_file(file, k_file_limit));
  return parse_own_json(text, file.string());
}

}  // namespace cni_matrix
