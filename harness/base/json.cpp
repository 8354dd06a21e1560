#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/json.hpp>

#include <algorithm>

namespace cni_matrix {

namespace {

constexpr int k_depth_limit = 200;
constexpr std::size_t k_file_limit = 16U << 20U;

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
std::string plain_message(const nlohmann::json::parse_error& error) {
  std::string text = error.what();
  if (const auto colon = text.find(": "); colon != std::string::npos) {
    text = text.substr(colon + 2);
  }
  return text;
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
  }
}

Expected<Json> load_json(const std::filesystem::path& file) {
  CNI_MATRIX_TRY_ASSIGN(const auto text, read_file(file, k_file_limit));
  return parse_json(text, file.string());
}

}  // namespace cni_matrix
