#include "json_style.hpp"

#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>

#include <algorithm>

namespace cni_matrix::testing_support {

namespace {

// Of UTF-8, the bytes that begin a character.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0U) != 0x80U; }));
}

bool may_stand_on_one_line(const OrderedJson& value) {
  if (value.is_array() && std::count_if(value.begin(), value.end(), [](const OrderedJson& item) {
                            return item.is_structured();
                          }) > 1) {
    return false;
  }
  return !value.is_structured() || std::all_of(value.begin(), value.end(), may_stand_on_one_line);
}

std::string key_text(const std::string& key) {
  return OrderedJson(key).dump() + ": ";
}

std::string on_one_line(const OrderedJson& value) {
  if (!value.is_structured()) {
    return value.dump();
  }
  std::string text;
  for (const auto& [key, item] : value.items()) {
    text += text.empty() ? "" : ", ";
    text += (value.is_object() ? key_text(key) : "") + on_one_line(item);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

// Writes a value that is broken over lines, and decides which of those in it are.
class Printer {
 public:
  void print(const OrderedJson& value, std::size_t depth) {
    m_text += value.is_object() ? "{\n" : "[\n";
    std::size_t left = value.size();
    for (const auto& [key, item] : value.items()) {
      const auto begin =
          std::string(2 * (depth + 1), ' ') + (value.is_object() ? key_text(key) : "");
      const std::string_view end = --left > 0 ? "," : "";
      m_text += begin;
      if (const auto line = on_one_line(item); fits(item, begin, line, end)) {
        m_text += line;
      } else {
        print(item, depth + 1);
      }
      m_text += end;
      m_text += '\n';
    }
    m_text += std::string(2 * depth, ' ') + (value.is_object() ? "}" : "]");
  }

  [[nodiscard]] const std::string& text() const { return m_text; }

 private:
  static bool fits(const OrderedJson& value, std::string_view begin, std::string_view line,
                   std::string_view end) {
    return !value.is_structured() || value.empty() ||
           (may_stand_on_one_line(value) &&
            columns_of(begin) + columns_of(line) + end.size() <= k_json_columns);
  }

  std::string m_text;
};

}  // namespace

Expected<std::string> in_json_style(std::string_view text, std::string_view name) {
  TRY(parse_own_json(text, name));
  const auto value = OrderedJson::parse(text, nullptr, false, false);
  if (value.is_discarded()) {
    return input_error("{}: has comments, which plain parsers of JSON refuse", name);
  }
  if (!value.is_structured() || value.empty()) {
    return on_one_line(value) + '\n';
  }
  Printer printer;
  printer.print(value, 0);
  return printer.text() + '\n';
}

}  // namespace cni_matrix::testing_support
