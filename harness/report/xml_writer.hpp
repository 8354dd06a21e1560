#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cni_matrix::report {

// Well-formed XML 1.0, whatever the texts hold. Indents by two blanks.
class XmlWriter {
 public:
  using Attributes = std::vector<std::pair<std::string_view, std::string>>;

  // `depth`: how deep the elements stand in the document that the text is put into.
  explicit XmlWriter(int depth = 0) : m_depth(depth) {}

  void open(std::string_view name, const Attributes& attributes);
  void close();
  void empty(std::string_view name, const Attributes& attributes);
  void text_element(std::string_view name, const Attributes& attributes, std::string_view text);
  // The text so far; the writer goes on with none.
  std::string take() { return std::exchange(m_text, {}); }

 private:
  void start(std::string_view name, const Attributes& attributes);
  std::string m_text;
  std::vector<std::string> m_names;
  int m_depth;
};

}  // namespace cni_matrix::report
