#include "base/json_fields.hpp"
#include "chain/chain.hpp"
#include <cni_matrix/scenario/conflist.hpp>

namespace cni_matrix::scenario {

std::string Conflist::label() const {
  return cni_version ? name + "@" + *cni_version : name;
}

std::vector<std::string> conflist_traits(const Json& configuration) {
  return chain::Chain(configuration).traits();
}

std::string network_of(const Json& configuration) {
  return chain::Chain(configuration).network();
}

std::string cni_version_of(const Json& configuration) {
  if (!configuration.is_object() || !configuration.contains("cniVersion")) {
    return "none";
  }
  const auto version = text_at(configuration, "cniVersion");
  return version.empty() ? "empty" : version;
}

}  // namespace cni_matrix::scenario
