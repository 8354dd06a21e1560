#include "leftover_account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace cni_matrix::verdict {

namespace {

bool any_primary(const Leaks& leaks) {
  return std::any_of(leaks.begin(), leaks.end(), node::is_primary);
}

}  // namespace

std::string names_of(const Leaks& leaks) {
  std::vector<std::string_view> names;
  for (const auto leak : leaks) {
    names.push_back(node::name_of(leak));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

void LeftoverAccount::require(const Leaks& leaks, const std::string& by) {
  m_required.insert(leaks.begin(), leaks.end());
  if (!by.empty()) {
    m_required_by = by;
  }
}

void LeftoverAccount::allow(const std::vector<node::LeakClass>& leaks) {
  m_may_leave.insert(leaks.begin(), leaks.end());
}

void LeftoverAccount::allow_all() {
  m_may_leave.insert(std::begin(node::k_leak_classes), std::end(node::k_leak_classes));
}

LeftoverAccount::Finding LeftoverAccount::check(const Leaks& left) const {
  Leaks missing;
  Leaks unexplained;
  const bool pod_remains = any_primary(m_required) || any_primary(m_may_leave);
  for (const auto leak : m_required) {
    if (!left.contains(leak) && !m_may_leave.contains(leak)) {
      missing.insert(leak);
    }
  }
  for (const auto leak : left) {
    if (!m_required.contains(leak) && !m_may_leave.contains(leak) &&
        (node::is_primary(leak) || !pod_remains)) {
      unexplained.insert(leak);
    }
  }
  Finding finding;
  if (!missing.empty()) {
    finding.missing = fmt::format("changed: {} says that this is left, and it is not: {}",
                                  m_required_by, names_of(missing));
  }
  if (!unexplained.empty()) {
    finding.unexplained =
        fmt::format("left behind, and no known behaviour explains it: {}", names_of(unexplained));
  }
  return finding;
}

}  // namespace cni_matrix::verdict
