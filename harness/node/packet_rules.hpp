#pragma once

#include <cni_matrix/node/inventory.hpp>

namespace cni_matrix::node {

// Rules of this network namespace: of iptables' tables as iptables-save and ip6tables-save print
// them, and of other tables of nf_tables. Where the kernel has no rule that iptables could show, no
// program is started.
Expected<void> list_packet_rules(Inventory& inventory);

}  // namespace cni_matrix::node
