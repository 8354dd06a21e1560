#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/version.hpp>

#include <string_view>
#include <vector>

namespace cni_matrix::verdict {

// A set of what can stand at "cniVersion" in a configuration. Text form, alternatives separated by
// commas:
//   "absent"           there is none, or it is empty
//   "unknown"          a text that is no released version of the CNI specification
//   as a VersionRange  the released versions of the specification in it: "<1.0.0", "0.3.0-0.4.0"
// So "absent, <1.0.0" is everything up to 0.4.0, and "0.5.0", which was never released, is unknown.
class CniVersionRange {
 public:
  // An alternative with no released version in it is refused, as it would never hold. Error kind:
  // input.
  static Expected<CniVersionRange> parse(std::string_view text);
  // `version` as cells have it: "none", "empty", or the text of the configuration.
  [[nodiscard]] bool contains(std::string_view version) const;

 private:
  bool m_absent = false;
  bool m_unknown = false;
  std::vector<VersionRange> m_released;
};

}  // namespace cni_matrix::verdict
