#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/json.hpp>

#include <algorithm>

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
  std::string text = error.what();
  if (const auto colon = text.find(": "); colon != std::string::npos) {
    return text.substr(colon + 2);
  }
  const auto bracket = text.find("] ");
  return bracket == std::string::npos ? text : text.substr(bracket + 2);
}

}  // namespace

Expected<Json> parse_json(std::string_view text, std::string_view name) {
  if (too_deep(text)) {
    return input_error("{}: nested deeper than {} levels", name, k_depth_limit);
  }
  try {
    return Json::parse(text, nullptr, true, true);
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

Expected<Json> load_json(const std::filesystem::path& file) {
  CNI_MATRIX_TRY_ASSIGN(const auto text, read_file(file, k_file_limit));
  return parse_json(text, file.string());
}

}  // namespace cni_matrix
