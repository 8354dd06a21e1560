#pragma once

#include <cni_matrix/base/error.hpp>

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix {

// A release version of containerd, the CNI plugins or runc, as in Semantic Versioning 2.0:
// "1.6.20", "2.0.0-rc.1". A leading "v" is accepted and dropped. Not for cniVersion, whose texts
// are compared as libcni does (see cni/spec_version.hpp).
struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  std::string prerelease;

  // Error kind: input.
  static Expected<Version> parse(std::string_view text);
  [[nodiscard]] std::string str() const;

  friend bool operator==(const Version&, const Version&) = default;
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
};

// A set of versions. Text form, alternatives separated by commas:
//   "1.6.3"         just that one
//   "1.6.0-1.6.3"   from and to, both included
//   ">=1.6.4", "<1.6.4", "<=0.9.1", ">0.9.1", and several of these with blanks between (all must
//   hold) "1.6"           every 1.6.x ("1.6.*" means the same)
//   "*"             every version
class VersionRange {
 public:
  // Error kind: input.
  static Expected<VersionRange> parse(std::string_view text);
  [[nodiscard]] bool contains(const Version& version) const;
  [[nodiscard]] const std::string& str() const { return m_text; }

 private:
  struct Bound {
    enum class Relation { less, less_equal, equal, greater_equal, greater } relation;
    Version version;
  };
  std::string m_text;
  std::vector<std::vector<Bound>> m_alternatives;
};

}  // namespace cni_matrix
