#include "text.hpp"

#include "base/text.hpp"
#include "verdict/residue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace cni_matrix::report {

namespace {

// go-cni's ErrCNINotInitialized.
constexpr std::string_view k_no_network = "cni plugin not initialized";

// UAX #9: U+202A to U+202E and U+2066 to U+2069 make a text read otherwise than it is.
bool turns_direction(std::string_view sequence) {
  if (sequence.size() != 3 || static_cast<unsigned char>(sequence[0]) != 0xe2) {
    return false;
  }
  const auto second = static_cast<unsigned char>(sequence[1]);
  const auto third = static_cast<unsigned char>(sequence[2]);
  return (second == 0x80 && third >= 0xaa && third <= 0xae) ||
         (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

std::size_t sequence_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

}  // namespace

std::string shown(std::string_view bytes, bool unicode) {
  const std::string clean = printable(bytes);
  std::string text;
  text.reserve(clean.size());
  for (std::size_t i = 0; i < clean.size();) {
    const auto length = sequence_length(clean[i]);
    const auto sequence = std::string_view(clean).substr(i, length);
    if (length == 1) {
      text += clean[i] == '\n' || clean[i] == '\t' ? ' ' : clean[i];
    } else if (turns_direction(sequence)) {
      for (const char byte : sequence) {
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
    } else if (unicode) {
      text += sequence;
    } else {
      text += '?';
    }
    i += length;
  }
  return std::string(trim(text));
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
  }));
}

std::string padded(std::string_view text, std::size_t columns) {
  std::string out(text);
  const auto used = width(text);
  if (used < columns) {
    out.append(columns - used, ' ');
  }
  return out;
}

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
      continue;
    }
    std::string lower(value);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

std::string duration_text(std::int64_t microseconds) {
  const auto seconds = microseconds / 1'000'000;
  if (seconds < 10) {
    return fmt::format("{:.1f} s", static_cast<double>(microseconds) / 1e6);
  }
  if (seconds < 60) {
    return fmt::format("{} s", seconds);
  }
  if (seconds < 3600) {
    return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  }
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

std::string counted(std::size_t number, std::string_view word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

std::string leftover_counts(const node::Inventory& leftover) {
  const auto leaked = verdict::split_residue(leftover).leaked;
  std::string text;
  for (const auto leak : node::k_leak_classes) {
    if (const auto count = leaked.of(leak).size(); count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, node::name_of(leak));
    }
  }
  return text;
}

std::string step_name(const run::StepResult& step) {
  const auto name = step.pod.empty() ? step.step : step.step + " " + step.pod;
  return step.detail.empty() ? name : fmt::format("{} ({})", name, step.detail);
}

std::string load_error_of(const run::CellResult& result) {
  const bool without_network =
      std::any_of(result.steps.begin(), result.steps.end(), [](const run::StepResult& step) {
        return !step.ok && step.error.find(k_no_network) != std::string::npos;
      });
  if (!without_network || !result.network) {
    return {};
  }
  for (const auto& [name, text] : result.network->load_status) {
    if (text != "OK") {
      return text;
    }
  }
  return {};
}

std::string label_note(const std::optional<artifacts::Artifact>& artifact) {
  if (!artifact || !artifact->as_labelled) {
    return {};
  }
  return artifact->told_version.empty()
             ? " (as labelled)"
             : fmt::format(" (as labelled; it says {})", artifact->told_version);
}

int gravity(run::Verdict verdict) {
  using run::Verdict;
  switch (verdict) {
    case Verdict::skip:
      return 0;
    case Verdict::pass:
      return 1;
    case Verdict::known:
      return 2;
    case Verdict::leak:
      return 3;
    case Verdict::fail:
      return 4;
    case Verdict::broken:
      return 5;
    case Verdict::interrupted:
      return 6;
  }
  return 6;
}

}  // namespace cni_matrix::report
