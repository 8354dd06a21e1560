#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace cni_matrix {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  const auto blank = " \t\r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

namespace {

// Length of the valid UTF-8 sequence at the start of `bytes`, or 0 (RFC 3629: no surrogates, no
// overlong forms).
std::size_t utf8_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < bytes.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto length = utf8_length(bytes);
    if (length == 0) {
      return false;
    }
    bytes.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = utf8_length(bytes);
    const auto first = static_cast<unsigned char>(bytes[0]);
    const bool control = first < 0x20 ? first != '\n' && first != '\t' : first == 0x7f;
    // U+0080 to U+009F are control characters too; a terminal obeys some of them.
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(bytes[1]) < 0xa0;
    if (length == 0 || control) {
      text += fmt::format("\\x{:02x}", first);
      bytes.remove_prefix(1);
    } else if (c1) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[1]));
      bytes.remove_prefix(2);
    } else {
      text += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& candidate : candidates) {
    const auto distance =
        edit_distance(word.substr(0, 64), std::string_view(candidate).substr(0, 64));
    if (distance <= std::max<std::size_t>(2, word.size() / 3)) {
      near.emplace_back(distance, candidate);
    }
  }
  std::sort(near.begin(), near.end());
  if (near.empty()) {
    return {};
  }
  std::string text = "; did you mean ";
  for (std::size_t i = 0; i < near.size() && i < 3; ++i) {
    text += (i == 0 ? "" : " or ") + near[i].second;
  }
  return text + "?";
}

std::string short_list(const std::vector<std::string>& words) {
  constexpr std::size_t k_most = 10;
  // "and 1 more" says less than the one.
  const auto shown = words.size() <= k_most + 1 ? words.size() : k_most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i == 0 ? "" : ", ") + excerpt(words[i], 80);
  }
  return shown == words.size() ? text : fmt::format("{} and {} more", text, words.size() - shown);
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  if (candidates.empty()) {
    return {};
  }
  const auto similar = did_you_mean(word, candidates);
  return similar.empty() ? "; there are " + short_list(candidates) : similar;
}

std::string excerpt(std::string_view bytes, std::size_t limit) {
  constexpr std::string_view k_gap = " ... ";
  const auto half = (limit - k_gap.size()) / 2;
  auto text = bytes.size() <= limit ? printable(bytes)
                                    : printable(bytes.substr(0, half)) + std::string(k_gap) +
                                          printable(bytes.substr(bytes.size() - half));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string without_credentials(std::string_view text) {
  constexpr std::string_view k_sign = "://";
  std::string result;
  for (auto sign = text.find(k_sign); sign != std::string_view::npos; sign = text.find(k_sign)) {
    const auto begin = sign + k_sign.size();
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    const auto word = text.substr(0, text.find_first_of(" \t\r\n"));
    if (const auto at = word.rfind('@'); at != std::string_view::npos) {
      result += "***";
      text.remove_prefix(at);
    }
  }
  return result.append(text);
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

}  // namespace cni_matrix
