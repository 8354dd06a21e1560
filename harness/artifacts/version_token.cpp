#include "base/names.hpp"
#include "base/try.hpp"
#include <cni_matrix/artifacts/artifact.hpp>

#include <algorithm>
#include <cctype>

namespace cni_matrix::artifacts {

namespace {

constexpr auto k_components = names_of<Component>({{Component::containerd, "containerd"},
                                                   {Component::plugins, "cni-plugins"},
                                                   {Component::runc, "runc"}});

bool is_suite_name(std::string_view text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
         });
}

Expected<VersionToken> parse_directory(VersionToken token, std::string_view rest) {
  token.kind = VersionToken::Kind::directory;
  // What follows the last @ is a version only when it looks like one: a path may hold an @.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto tail = rest.substr(at + 1);
    const bool looks_like_version =
        !tail.empty() && tail.find('/') == std::string_view::npos &&
        (std::isdigit(static_cast<unsigned char>(tail.front())) != 0 || tail.front() == 'v');
    if (looks_like_version) {
      auto version = Version::parse(tail);
      if (!version) {
        return input_error("version token \"{}\": {}", token.text, version.error().message);
      }
      token.version = *version;
      rest = rest.substr(0, at);
    }
  }
  if (rest.empty()) {
    return input_error(
        "version token \"{}\" names no directory; write dir:/path or dir:/path@1.6.2", token.text);
  }
  token.directory = rest;
  return token;
}

// Where the next part of several begins behind `from`: at its +.
std::size_t next_part(std::string_view text, std::size_t from) {
  for (auto plus = text.find('+', from); plus != std::string_view::npos;
       plus = text.find('+', plus + 1)) {
    const auto rest = text.substr(plus + 1);
    if (rest.starts_with("dir:") || rest.starts_with("debian:") || rest.starts_with("release:")) {
      return plus;
    }
  }
  return std::string_view::npos;
}

Expected<VersionToken> parse_overlay(VersionToken token) {
  token.kind = VersionToken::Kind::overlay;
  const std::string_view text = token.text;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(next_part(text, at), text.size());
    TRY_ASSIGN(auto part, VersionToken::parse(text.substr(at, end - at)));
    token.parts.push_back(std::move(part));
    at = end + 1;
  }
  token.version = token.parts.front().version;
  return token;
}

}  // namespace

bool VersionToken::has_directory() const {
  return kind == Kind::directory ||
         std::any_of(parts.begin(), parts.end(),
                     [](const VersionToken& part) { return part.has_directory(); });
}

std::string_view name_of(Component component) {
  return k_components.of(component);
}

std::optional<Component> parse_component(std::string_view name) {
  return k_components.parse(name);
}

Expected<VersionToken> VersionToken::parse(std::string_view text) {
  VersionToken token;
  token.text = text;
  if (next_part(text, 0) != std::string_view::npos) {
    return parse_overlay(std::move(token));
  }
  const auto colon = text.find(':');
  const auto head = text.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (colon != std::string_view::npos && head == "dir") {
    return parse_directory(std::move(token), rest);
  }
  if (colon != std::string_view::npos && head == "debian") {
    if (!is_suite_name(rest)) {
      return input_error("version token \"{}\" names no Debian suite; write debian:bookworm", text);
    }
    token.kind = Kind::debian;
    token.suite = rest;
    return token;
  }
  const bool release = colon != std::string_view::npos && head == "release";
  auto version = Version::parse(release ? rest : text);
  if (!version) {
    return input_error(
        "\"{}\" is no version token; write 1.6.20, release:1.6.20, debian:bookworm or "
        "dir:/path@1.6.20",
        text);
  }
  token.kind = release ? Kind::release : Kind::version;
  token.version = *version;
  return token;
}

}  // namespace cni_matrix::artifacts
