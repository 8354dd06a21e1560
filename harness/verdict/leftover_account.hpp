#pragma once

#include <cni_matrix/node/inventory.hpp>

#include <set>
#include <string>
#include <vector>

namespace cni_matrix::verdict {

using Leaks = std::set<node::LeakClass>;

// "lease, veth"
std::string names_of(const Leaks& leaks);

// What has to be left when a scenario is over, and what may be.
class LeftoverAccount {
 public:
  // `by`: the id of the behaviour that says so, for the sentence.
  void require(const Leaks& leaks, const std::string& by);
  void allow(const std::vector<node::LeakClass>& leaks);
  void allow(node::LeakClass leak) { m_may_leave.insert(leak); }
  void allow_all();

  // Sentences; empty when there is nothing to say.
  struct Finding {
    std::string missing;
    std::string unexplained;
  };
  // What remains of a pod comes together: where a primary class stays, or may, secondary ones are
  // explained.
  [[nodiscard]] Finding check(const Leaks& left) const;

 private:
  Leaks m_required;
  Leaks m_may_leave;
  std::string m_required_by;
};

}  // namespace cni_matrix::verdict
