#include "xml_writer.hpp"

#include "base/text.hpp"

namespace cni_matrix::report {

namespace {

// printable() leaves no invalid UTF-8 and no control character but newline and tab; XML 1.0
// section 2.2 forbids U+FFFE and U+FFFF too. ">" is always escaped, so "]]>" cannot stand in a text
// (section 2.4), and the blanks that attribute-value normalisation would take away are written as
// references (3.3.3).
std::string escaped(std::string_view bytes, bool attribute) {
  constexpr std::string_view k_noncharacters = "\xef\xbf";
  const std::string clean = printable(bytes);
  std::string text;
  text.reserve(clean.size());
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const char c = clean[i];
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += attribute ? "&quot;" : "\"";
        break;
      case '\n':
        text += attribute ? "&#10;" : "\n";
        break;
      case '\t':
        text += attribute ? "&#9;" : "\t";
        break;
      default:
        if (std::string_view(clean).substr(i).starts_with(k_noncharacters) &&
            static_cast<unsigned char>(clean[i + 2]) >= 0xbe) {
          text += static_cast<unsigned char>(clean[i + 2]) == 0xbe ? "\\ufffe" : "\\uffff";
          i += 2;
        } else {
          text += c;
        }
    }
  }
  return text;
}

}  // namespace

void XmlWriter::start(std::string_view name, const Attributes& attributes) {
  m_text.append(2 * (m_names.size() + static_cast<std::size_t>(m_depth)), ' ');
  m_text += '<';
  m_text += name;
  for (const auto& [key, value] : attributes) {
    m_text += ' ';
    m_text += key;
    m_text += "=\"" + escaped(value, true) + '"';
  }
}

void XmlWriter::open(std::string_view name, const Attributes& attributes) {
  start(name, attributes);
  m_text += ">\n";
  m_names.emplace_back(name);
}

void XmlWriter::close() {
  const auto name = m_names.back();
  m_names.pop_back();
  m_text.append(2 * (m_names.size() + static_cast<std::size_t>(m_depth)), ' ');
  m_text += "</" + name + ">\n";
}

void XmlWriter::empty(std::string_view name, const Attributes& attributes) {
  start(name, attributes);
  m_text += "/>\n";
}

void XmlWriter::text_element(std::string_view name, const Attributes& attributes,
                             std::string_view text) {
  start(name, attributes);
  m_text += '>' + escaped(text, false) + "</" + std::string(name) + ">\n";
}

}  // namespace cni_matrix::report
