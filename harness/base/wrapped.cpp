#include "wrapped.hpp"

#include "text.hpp"

namespace cni_matrix {

std::string wrapped(std::string_view text, std::size_t indent) {
  std::string result;
  std::string line(indent, ' ');
  for (const auto& word : split(text, ' ')) {
    if (line.size() > indent && line.size() + 1 + word.size() > k_text_columns) {
      result += line + '\n';
      line.assign(indent, ' ');
    }
    if (line.size() > indent) {
      line += ' ';
    }
    line += word;
  }
  return result + line + '\n';
}

}  // namespace cni_matrix
