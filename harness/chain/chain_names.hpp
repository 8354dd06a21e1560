#pragma once

#include "chain.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <map>
#include <string>
#include <string_view>

// Steps name plugins by role and other things by placeholder; here both become a chain's own.
//
//   <NETWORK>           its name
//   <@ROLE>             the type of that plugin
//   <BRIDGE>            its bridge
//   <SUBNET> <GATEWAY> <ADDRESS>   its first range: the network, its gateway, the first address
//   <LEASES>            the directory of its leases
//   <OTHER_NETWORK> <OTHER_BRIDGE> <OTHER_SUBNET>, <THIRD_...>   of networks beside it, which meet
//                       neither it nor the node's uplink
namespace cni_matrix::chain {

class ChainNames {
 public:
  // Placeholders stand for what the chain had as the cell began.
  explicit ChainNames(Chain began);

  // The step with names of its own in place of roles and placeholders; a "plugin" is one of the
  // chain as the steps before have left it, `now`. Roles in the paths of a patch stay: see
  // ConflistFile::patch(). Error kind: unavailable, with what the chain lacks; input, for what is
  // no role.
  [[nodiscard]] Expected<Json> fill(const Json& step, const Chain& now) const;

  // A text for a person, with names in place of those placeholders that the chain has a name for.
  [[nodiscard]] std::string told(std::string text) const;

 private:
  void add_other(const std::string& prefix, const std::string& stem, const std::string& subnet);
  [[nodiscard]] Expected<std::string> fill_text(const std::string& text, bool in_regex) const;
  [[nodiscard]] Expected<void> fill_value(Json& value, bool in_regex) const;

  Chain m_began;
  std::map<std::string, std::string, std::less<>> m_names;  // empty: the chain has none
};

}  // namespace cni_matrix::chain
