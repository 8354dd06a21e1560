#include "daemon_log.hpp"

#include "base/text.hpp"

namespace cni_matrix::containerd {
namespace {

// How the Go runtime begins what it prints as it ends a program; the stack follows.
constexpr std::string_view k_panic = "panic: ";

bool contains(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

// The value of `error="..."`, where quotes and backslashes are escaped.
std::string error_of(std::string_view line) {
  constexpr std::string_view k_key = " error=\"";
  const auto start = line.find(k_key);
  if (start == std::string_view::npos) {
    return {};
  }
  std::string text;
  for (auto i = start + k_key.size(); i < line.size() && line[i] != '"'; ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      ++i;
    }
    text += line[i];
  }
  return text;
}

}  // namespace

std::string refusal_in(std::string_view log) {
  constexpr std::string_view k_unreadable = "containerd: failed to load TOML from ";
  constexpr std::string_view k_invalid = "invalid plugin config: ";
  for (const auto& line : split(log, '\n')) {
    if (line.starts_with(k_unreadable)) {
      const auto colon = line.find(": ", k_unreadable.size());
      return line.substr(colon == std::string::npos ? k_unreadable.size() : colon + 2);
    }
    // The table is grpc.v1.cri up to 1.7, cri.v1.runtime and cri.v1.images since.
    const bool is_cri =
        contains(line, "io.containerd.grpc.v1.cri") || contains(line, "io.containerd.cri.v1.");
    if (is_cri && contains(line, "failed to load plugin")) {
      if (auto error = error_of(line); error.starts_with(k_invalid)) {
        return error;
      }
    }
  }
  return {};
}

bool is_panic(std::string_view end) {
  return end.starts_with(k_panic) || end.starts_with("fatal error: ");
}

std::string end_in(std::string_view log) {
  std::string last;
  for (const auto& line : split(log, '\n')) {
    if (contains(line, "level=fatal")) {
      last = error_of(line);
    } else if (is_panic(line)) {
      last = line;
    }
  }
  return last;
}

std::string load_error_in(std::string_view log) {
  std::string last;
  for (const auto& line : split(log, '\n')) {
    if (contains(line, "ailed to load cni")) {
      last = error_of(line);
    }
  }
  return last;
}

}  // namespace cni_matrix::containerd
