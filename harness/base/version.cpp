#include "text.hpp"
#include "try.hpp"

#include <cni_matrix/base/version.hpp>

#include <charconv>
#include <tuple>

namespace cni_matrix {

namespace {

bool parse_number(std::string_view text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::strong_ordering compare_prerelease(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) {
    // A release comes after its own pre-releases (Semantic Versioning 2.0, clause 11.3).
    return b.empty() <=> a.empty() == std::strong_ordering::equal ? std::strong_ordering::equal
           : a.empty()                                            ? std::strong_ordering::greater
                                                                  : std::strong_ordering::less;
  }
  const auto left = split(a, '.');
  const auto right = split(b, '.');
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    unsigned x = 0;
    unsigned y = 0;
    const bool numeric_x = parse_number(left[i], x);
    const bool numeric_y = parse_number(right[i], y);
    if (numeric_x && numeric_y) {
      if (x != y) {
        return x <=> y;
      }
    } else if (numeric_x != numeric_y) {
      return numeric_x ? std::strong_ordering::less : std::strong_ordering::greater;
    } else if (left[i] != right[i]) {
      return left[i] <=> right[i];
    }
  }
  return left.size() <=> right.size();
}

}  // namespace

Expected<Version> Version::parse(std::string_view text) {
  const std::string_view original = text;
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  Version version;
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    text = text.substr(0, plus);  // build metadata does not count (clause 10)
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    text = text.substr(0, dash);
    if (version.prerelease.empty()) {
      return input_error("\"{}\" is not a version: nothing follows the dash", original);
    }
  }
  const auto parts = split(text, '.');
  if (parts.size() != 3 || !parse_number(parts[0], version.major) ||
      !parse_number(parts[1], version.minor) || !parse_number(parts[2], version.patch)) {
    return input_error("\"{}\" is not a version: write it like 1.6.20 or 2.0.0-rc.1", original);
  }
  return version;
}

std::string Version::str() const {
  auto text = fmt::format("{}.{}.{}", major, minor, patch);
  if (!prerelease.empty()) {
    text += '-';
    text += prerelease;
  }
  return text;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  const auto numbers = std::tie(a.major, a.minor, a.patch) <=> std::tie(b.major, b.minor, b.patch);
  return numbers != std::strong_ordering::equal ? numbers
                                                : compare_prerelease(a.prerelease, b.prerelease);
}

Expected<VersionRange> VersionRange::parse(std::string_view text) {
  using Relation = Bound::Relation;
  VersionRange range;
  range.m_text = text;
  for (const auto& alternative : split(text, ',')) {
    std::vector<Bound> bounds;
    for (const auto& word : split(trim(alternative), ' ')) {
      if (word.empty()) {
        continue;
      }
      if (word == "*") {
        bounds.push_back({Relation::greater_equal, Version{}});
        continue;
      }
      static constexpr std::pair<std::string_view, Relation> k_relations[] = {
          {">=", Relation::greater_equal},
          {"<=", Relation::less_equal},
          {">", Relation::greater},
          {"<", Relation::less},
          {"=", Relation::equal}};
      std::string_view rest = word;
      auto relation = Relation::equal;
      bool explicit_relation = false;
      for (const auto& [sign, value] : k_relations) {
        if (rest.starts_with(sign)) {
          relation = value;
          rest.remove_prefix(sign.size());
          explicit_relation = true;
          break;
        }
      }
      if (explicit_relation) {
        TRY_ASSIGN(auto version, Version::parse(rest));
        bounds.push_back({relation, std::move(version)});
        continue;
      }
      // A dash between two whole versions is a span; otherwise it begins a pre-release.
      if (const auto dash = rest.find('-'); dash != std::string_view::npos) {
        auto from = Version::parse(rest.substr(0, dash));
        auto to = Version::parse(rest.substr(dash + 1));
        if (from && to) {
          bounds.push_back({Relation::greater_equal, std::move(*from)});
          bounds.push_back({Relation::less_equal, std::move(*to)});
          continue;
        }
      }
      auto series = rest;
      if (series.ends_with(".*")) {
        series.remove_suffix(2);
      }
      if (const auto parts = split(series, '.'); parts.size() == 2) {
        TRY_ASSIGN(auto from, Version::parse(fmt::format("{}.0", series)));
        auto to = from;
        ++to.minor;
        bounds.push_back({Relation::greater_equal, std::move(from)});
        bounds.push_back({Relation::less, std::move(to)});
        continue;
      }
      TRY_ASSIGN(auto version, Version::parse(rest));
      bounds.push_back({Relation::equal, std::move(version)});
    }
    if (bounds.empty()) {
      return input_error("\"{}\" is not a range of versions: write it like 1.6.0-1.6.3 or >=1.6.4",
                         text);
    }
    range.m_alternatives.push_back(std::move(bounds));
  }
  return range;
}

bool VersionRange::contains(const Version& version) const {
  using Relation = Bound::Relation;
  const auto holds = [&](const Bound& bound) {
    const auto order = version <=> bound.version;
    switch (bound.relation) {
      case Relation::less:
        return order < 0;
      case Relation::less_equal:
        return order <= 0;
      case Relation::equal:
        return order == 0;
      case Relation::greater_equal:
        return order >= 0;
      case Relation::greater:
        return order > 0;
    }
    return false;
  };
  for (const auto& alternative : m_alternatives) {
    bool all = true;
    for (const auto& bound : alternative) {
      all = all && holds(bound);
    }
    if (all) {
      return true;
    }
  }
  return false;
}

}  // namespace cni_matrix
