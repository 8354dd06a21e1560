#pragma once

#include "chain.hpp"

#include <cni_matrix/base/error.hpp>

#include <string>
#include <string_view>

// What a scenario says that its chain must have: the words of its "chain".
//
//   @ROLE               there is such a plugin
//   @ROLE=TYPE,TYPE     and it is of one of these types
//   plugins>=N          it has so many
//   pods>=N             it has addresses for so many pods at once
//   list                it is a .conflist, and no single plugin
//   checks              what the interface plugin's CHECK looks at is known
//   default-route       the pod gets one, in its main table
//   gateway             the node has an address in the pod's network
//   ipv4                its first range is of IPv4
//   iptables            a plugin calls iptables; iptables=@ROLE: that one
//   no=TYPE             the type is not in it
//   no-force            forceAddress is not set
//   takes=VERSION       no plugin of it is known to refuse this cniVersion
namespace cni_matrix::chain {

// Error kind: input, for what is no such word.
Expected<void> check_chain_word(std::string_view word);

// What the chain lacks, as a reason for a skip; empty when it has it.
std::string lack_of(const Chain& chain, std::string_view word);

// The same of a plugin that a step names: a role or a type.
std::string lack_of_plugin(const Chain& chain, std::string_view plugin);

}  // namespace cni_matrix::chain
