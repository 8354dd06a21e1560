#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/scenario/conflist.hpp>
#include <cni_matrix/scenario/node_source.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cni_matrix::matrix {

enum class RuntimeChoice { automatic, daemon, embedded };
std::string_view name_of(RuntimeChoice choice);  // "auto", "daemon", "embedded"
Expected<RuntimeChoice> parse_runtime(std::string_view text);

// One point of the matrix.
struct Cell {
  std::string containerd;  // version token
  std::string plugins;     // version token
  scenario::Conflist conflist;
  std::string scenario;
  RuntimeChoice runtime = RuntimeChoice::automatic;
  // What the scenario's parameters are set to: "to" (cniVersion), "to_containerd", "to_plugins".
  std::map<std::string, std::string> parameters;
  std::optional<int> host_port;  // the pod publishes it (TCP) to its port 80
  bool mark_chain = false;       // kube-proxy's chain KUBE-MARK-MASQ exists before the run
  // What the matrix or the command line says that the node has, beside what the scenario says.
  std::optional<scenario::NodeSource> node;

  // "1.6.2/0.9.0/bridge-portmap@none/lifecycle[to=1.0.0,hostport=18080,markchain,node=dhcp]"; a
  // modelled one has "embedded" last in the brackets, a single plugin "conf" first.
  [[nodiscard]] std::string name() const;
  // Ten hexadecimal digits of the SHA-256 of name(): stable over runs, machines and matrix files.
  [[nodiscard]] std::string id() const;
};

Json to_json(const Cell& cell);
Expected<Cell> cell_from_json(const Json& value);

}  // namespace cni_matrix::matrix
