#include "normalise.hpp"

#include <array>
#include <cctype>
#include <regex>

namespace cni_matrix::verdict {

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::size_t hex_run(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_hex(text[length])) {
    ++length;
  }
  return length;
}

// 36 when `text` begins with a UUID, else 0.
std::size_t uuid_length(std::string_view text) {
  constexpr std::array<std::size_t, 5> k_groups = {8, 4, 4, 4, 12};
  std::size_t at = 0;
  for (std::size_t i = 0; i < k_groups.size(); ++i) {
    if (i > 0) {
      if (at >= text.size() || text[at] != '-') {
        return 0;
      }
      ++at;
    }
    if (hex_run(text.substr(at)) < k_groups[i]) {
      return 0;
    }
    at += k_groups[i];
  }
  return at < text.size() && is_hex(text[at]) ? 0 : at;
}

// What one place of a text is replaced with; `length` 0 when it stays.
struct Replacement {
  std::size_t length = 0;
  std::string text;
};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

Replacement chain(std::string_view text) {
  // portmap: CNI-DN-<hash>, CNI-SN-<hash>; bridge's ipMasq: CNI-<24 digits>.
  for (const std::string_view prefix :
       {"CNI-DN-", "CNI-SN-", "CNI-HOSTPORT-DNAT-", "CNI-HOSTPORT-", "CNI-"}) {
    if (text.starts_with(prefix)) {
      const auto digits = hex_run(text.substr(prefix.size()));
      const auto end = prefix.size() + digits;
      if (digits >= 8 && (end == text.size() || !is_word(text[end]))) {
        return {end, std::string(prefix) + "<HASH>"};
      }
    }
  }
  return {};
}

Replacement iptables_banner(std::string_view text) {
  constexpr std::string_view k_banner = "tables v";
  if (!text.starts_with(k_banner)) {
    return {};
  }
  auto end = k_banner.size();
  while (end < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[end])) != 0 || text[end] == '.')) {
    ++end;
  }
  if (end == k_banner.size()) {
    return {};
  }
  for (const std::string_view variant : {" (nf_tables)", " (legacy)"}) {
    if (text.substr(end).starts_with(variant)) {
      end += variant.size();
      break;
    }
  }
  return {end, "tables v<VERSION>"};
}

Replacement replacement_at(std::string_view text, bool word_begins) {
  for (const std::string_view directory : {"/opt/cni/bin", "/etc/cni/net.d"}) {
    if (text.starts_with(directory)) {
      return {directory.size(), "<DIR>" + std::string(directory.substr(directory.rfind('/')))};
    }
  }
  if (text.starts_with("tables v")) {
    return iptables_banner(text);
  }
  if (!word_begins) {
    return {};
  }
  // Rules for the trace name a container by its first digits.
  constexpr std::string_view k_container = "container ";
  if (text.starts_with(k_container) && hex_run(text.substr(k_container.size())) == 12) {
    return {k_container.size() + 12, "container <ID>"};
  }
  if (text.starts_with("CNI-")) {
    return chain(text);
  }
  if (is_hex(text.front())) {
    if (const auto length = uuid_length(text); length > 0) {
      return {length, "<UUID>"};
    }
    if (hex_run(text) == 64) {
      return {64, "<ID>"};
    }
  }
  return {};
}

}  // namespace

std::string normalise_error(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  std::string result;
  result.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const bool word_begins = at == 0 || !is_word(text[at - 1]);
    const auto replacement = replacement_at(text.substr(at), word_begins);
    if (replacement.length > 0) {
      result += replacement.text;
      at += replacement.length;
    } else {
      result += text[at++];
    }
  }
  return result;
}

std::string comparable_error(std::string_view text) {
  struct Chance {
    std::regex pattern;
    const char* name;
  };
  // Go's durations ("1m2.5s", "300ms"), ours ("12 us", "0.4 s") and what stands in log lines.
  // Repetitions are bounded: std::regex takes stack for each of them, and a plugin says anything.
  static const std::array<Chance, 6> k_chances = {{
      {std::regex("\\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?"
                  "(Z|[+-][0-9]{2}:?[0-9]{2})?"),
       "<DATE>"},
      {std::regex("\\b([0-9]{1,12}(\\.[0-9]{1,12})? ?(ns|us|ms|min|s|m|h)){1,3}\\b"), "<TIME>"},
      {std::regex("\\b[0-9]{1,12}(\\.[0-9]{1,12})? (micro|milli|nano)?seconds?\\b"), "<TIME>"},
      {std::regex("\\b([0-9a-f]{2}:){5}[0-9a-f]{2}\\b"), "<MAC>"},
      {std::regex("\\bveth[0-9a-f]{8}\\b"), "<VETH>"},
      {std::regex("\\bbwp[0-9a-f]{12}\\b"), "<IFB>"},
  }};
  auto result = normalise_error(text);
  for (const auto& [pattern, name] : k_chances) {
    result = std::regex_replace(result, pattern, name);
  }
  return result;
}

}  // namespace cni_matrix::verdict
