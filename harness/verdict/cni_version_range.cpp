#include "base/text.hpp"
#include <cni_matrix/verdict/cni_version_range.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cni_matrix::verdict {

namespace {

// Released versions of the CNI specification.
constexpr std::array<std::string_view, 7> k_spec_versions = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                                             "0.4.0", "1.0.0", "1.1.0"};

bool holds(const VersionRange& range, std::string_view spec_version) {
  const auto version = Version::parse(spec_version);
  return version && range.contains(*version);
}

}  // namespace

Expected<CniVersionRange> CniVersionRange::parse(std::string_view text) {
  CniVersionRange result;
  for (const auto& part : split(text, ',')) {
    const auto alternative = trim(part);
    if (alternative == "absent") {
      result.m_absent = true;
      continue;
    }
    if (alternative == "unknown") {
      result.m_unknown = true;
      continue;
    }
    auto range = VersionRange::parse(alternative);
    if (!range) {
      return input_error(
          "\"{}\" is not a range of cniVersions: {}; \"absent\" and \"unknown\" are "
          "words for what is no version",
          text, range.error().message);
    }
    if (std::none_of(k_spec_versions.begin(), k_spec_versions.end(),
                     [&](std::string_view released) { return holds(*range, released); })) {
      return input_error(
          "\"{}\": no version of the CNI specification is in \"{}\"; the released "
          "ones are {}",
          text, alternative, fmt::join(k_spec_versions, ", "));
    }
    result.m_released.push_back(*std::move(range));
  }
  return result;
}

bool CniVersionRange::contains(std::string_view version) const {
  if (version == "none" || version == "empty") {
    return m_absent;
  }
  if (std::find(k_spec_versions.begin(), k_spec_versions.end(), version) == k_spec_versions.end()) {
    return m_unknown;
  }
  return std::any_of(m_released.begin(), m_released.end(),
                     [&](const VersionRange& range) { return holds(range, version); });
}

}  // namespace cni_matrix::verdict
