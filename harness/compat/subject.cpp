#include "subject.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace cni_matrix::compat {

bool is_of_a_plain_life(const verdict::BehaviourCase& rule) {
  constexpr std::array<std::string_view, 3> k_steps = {"run", "stop", "remove"};
  const auto& when = rule.when;
  return (rule.kind != verdict::BehaviourCase::Kind::failure ||
          std::any_of(rule.steps.begin(), rule.steps.end(),
                      [&](const std::string& step) {
                        return std::find(k_steps.begin(), k_steps.end(), step) != k_steps.end();
                      })) &&
         (when.scenarios.empty() || std::find(when.scenarios.begin(), when.scenarios.end(),
                                              k_lifecycle) != when.scenarios.end()) &&
         when.state.empty() && when.changed.empty() && when.created_uses.empty() &&
         when.created_lacks.empty();
}

}  // namespace cni_matrix::compat
