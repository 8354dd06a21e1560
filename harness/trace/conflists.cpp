#include "conflists.hpp"

#include "base/json_fields.hpp"

namespace cni_matrix::trace {

std::vector<Json> plugins_of(const Json& conflist) {
  if (!conflist.is_object()) {
    return {};
  }
  if (const auto list = conflist.find("plugins"); list != conflist.end() && list->is_array()) {
    return list->get<std::vector<Json>>();
  }
  return {conflist};
}

std::vector<const Json*> conflists_named(const TraceFacts& facts, const std::string& network) {
  std::vector<const Json*> found;
  for (const auto& conflist : facts.conflists) {
    if (text_at(conflist, "name") == network) {
      found.push_back(&conflist);
    }
  }
  return found;
}

}  // namespace cni_matrix::trace
