#include "cni_version.hpp"

#include <cstring>

namespace cni_matrix::recorder {
namespace {

bool fits_version(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '+';
}

}  // namespace

void CniVersion::feed(const char* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (m_in_string) {
      take_in_string(bytes[i]);
    } else {
      take(bytes[i]);
    }
  }
}

void CniVersion::take(char c) {
  switch (c) {
    case '"':
      m_in_string = true;
      m_plain = true;
      m_size = 0;
      break;
    case '{':
    case '[':
      ++m_depth;
      break;
    case '}':
    case ']':
      --m_depth;
      break;
    case ':':
      m_after_colon = m_after_colon || m_depth == 1;
      break;
    case ',':
      m_after_colon = m_after_colon && m_depth != 1;
      break;
    default:
      break;
  }
}

void CniVersion::take_in_string(char c) {
  if (m_escaped) {
    m_escaped = false;
  } else if (c == '\\') {
    m_escaped = true;
    m_plain = false;
  } else if (c == '"') {
    m_in_string = false;
    end_string();
  } else if (m_size < k_longest) {
    m_string[m_size++] = c;
  } else {
    m_plain = false;
  }
}

void CniVersion::end_string() {
  m_string[m_size] = '\0';
  if (m_depth != 1) {
    return;
  }
  if (!m_after_colon) {
    m_ours = m_plain && std::strcmp(m_string, "cniVersion") == 0;
    return;
  }
  bool fits = m_ours && m_plain && m_size > 0;
  for (std::size_t i = 0; i < m_size; ++i) {
    fits = fits && fits_version(m_string[i]);
  }
  if (fits) {
    std::memcpy(m_version, m_string, m_size + 1);
  }
}

}  // namespace cni_matrix::recorder
