#pragma once

#include <cstddef>

namespace cni_matrix::recorder {

// Finds the cniVersion of a configuration that comes in pieces: the last top-level key "cniVersion"
// (written without escapes) whose value is a string of 1 to 31 letters, digits, '.', '-' and '+'.
// Nothing else of the text is checked.
class CniVersion {
 public:
  void feed(const char* bytes, std::size_t size);
  [[nodiscard]] const char* text() const { return m_version; }  // "1.0.0" when there is none

 private:
  void take(char c);
  void take_in_string(char c);
  void end_string();

  static constexpr std::size_t k_longest = 31;
  int m_depth = 0;
  bool m_in_string = false;
  bool m_escaped = false;
  bool m_plain = false;        // the string has no escape and fits into m_string
  bool m_after_colon = false;  // at depth 1
  bool m_ours = false;         // the key before that colon is "cniVersion"
  std::size_t m_size = 0;
  char m_string[k_longest + 1] = {};
  char m_version[k_longest + 1] = "1.0.0";
};

}  // namespace cni_matrix::recorder
