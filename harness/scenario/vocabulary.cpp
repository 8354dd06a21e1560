#include "vocabulary.hpp"

#include "steps/families.hpp"

#include <algorithm>

namespace cni_matrix::scenario {

const std::vector<StepKind>& vocabulary() {
  static const auto all = [] {
    std::vector<StepKind> kinds;
    for (const auto& family :
         {steps::run(), steps::pods(), steps::looks(), steps::conflist(), steps::configuration(),
          steps::runtime(), steps::plugins(), steps::libcni(), steps::damage(), steps::faults(),
          steps::machine(), steps::programs()}) {
      kinds.insert(kinds.end(), family.begin(), family.end());
    }
    return kinds;
  }();
  return all;
}

const StepKind* find_step(std::string_view name) {
  const auto found = std::find_if(vocabulary().begin(), vocabulary().end(),
                                  [&](const StepKind& kind) { return kind.name == name; });
  return found == vocabulary().end() ? nullptr : &*found;
}

}  // namespace cni_matrix::scenario
