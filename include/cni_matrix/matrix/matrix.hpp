#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/matrix/cell.hpp>
#include <cni_matrix/verdict/statements.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A matrix as matrix/*.json writes it down (matrix/matrix.schema.json), and the cells it stands
// for.
namespace cni_matrix::scenario {
class ScenarioLibrary;
}  // namespace cni_matrix::scenario

namespace cni_matrix::matrix {

// A scenario with the values that each of its parameters takes: their product.
struct ScenarioAxis {
  std::string scenario;
  std::map<std::string, std::vector<std::string>> with;
};

// A full product of axes. The top level of a matrix is one, and so is each entry of "include",
// which takes the axes that it does not name from the top level.
struct Axes {
  std::vector<std::string> containerd;        // version tokens
  std::vector<std::string> plugins;           // version tokens
  std::vector<scenario::Conflist> conflists;  // one for each cniVersion
  std::vector<ScenarioAxis> scenarios;
  std::vector<RuntimeChoice> runtimes;
  std::vector<std::optional<int>> host_ports;
  std::vector<bool> mark_chains;
  std::optional<scenario::NodeSource> node;  // what nodes have beside; absent: nothing
};

// Takes cells out again. A cell goes when every field that is given fits. Fields are globs over the
// text; `containerd` and `plugins` may also be a version range, which fits tokens that name a
// version ("1.6.2", "release:1.6.2", "dir:/x@1.6.2"; not "debian:bookworm").
struct Exclusion {
  std::string containerd;
  std::string plugins;
  std::string conflist;     // of Conflist::name
  std::string cni_version;  // of the override; "as-is" where the file's own stands
  std::string scenario;
};

struct Matrix {
  std::string title;
  std::filesystem::path file;  // empty: made from the command line only
  std::vector<Axes> products;
  std::vector<Exclusion> exclusions;
  std::vector<verdict::Statement> claims;
};

// What the command line says. Each axis that is given replaces that axis of the matrix, in the top
// level and in every include; what is not given stays. Without a matrix file, the missing axes are:
// conflist bridge-portmap as it is, scenario lifecycle. Where no conflist is named at all, the
// chain that the node or the scenario's node brings with it is taken before these.
struct Selection {
  std::vector<std::string> containerd;
  std::vector<std::string> plugins;
  std::vector<std::string> conflists;     // a path, or a name in scenarios/conflists
  std::vector<std::string> cni_versions;  // replaces the override of every conflist
  bool all_scenarios = false;          // every one that needs no parameter, and has its host port
  std::vector<std::string> scenarios;  // "lifecycle", or "repair:to=0.4.0,to=1.0.0" for parameters
  std::optional<RuntimeChoice> runtime;
  std::optional<int> host_port;
  std::optional<bool> mark_chain;
  std::string node;  // a path, or a name in scenarios/nodes; empty: as in the matrix
  std::vector<std::string> kubernetes;  // "1.24": the containerd versions recommended for it
  // With `kubernetes`: tokens and the versions they have, of which those in the recommended range
  // are taken too, beside the lowest recommended version itself.
  std::map<std::string, Version> at_hand;
  std::vector<std::string> cells;  // ids, names or globs over names; a cell needs to fit one
};

// The newest version of the format of matrix files that is read here.
inline constexpr int k_matrix_format = 1;

// Parse a matrix file. Conflists are looked up beside the matrix file, then in
// data_directory()/scenarios/conflists. Error kind: input, with the file and the JSON pointer.
Expected<Matrix> load_matrix(const std::filesystem::path& file);
Expected<Matrix> matrix_from_json(const Json& value, const std::filesystem::path& file);

// `spec` with the axes of the command line, checked: every scenario is there and has its
// parameters, every token can be read, there is at least one product, each of the cells that are
// asked for is there. Error kind: input.
Expected<Matrix> select(Matrix spec, const Selection& selection);

// Call `visit` with every cell, in a fixed order (scenario, conflist, containerd, plugins), each
// equal cell once. Cells are made one at a time: memory does not grow with their number. A `visit`
// that returns false ends it. Returns the number of cells visited. `cells` is Selection::cells.
std::size_t for_each_cell(const Matrix& spec, const std::vector<std::string>& cells,
                          const std::function<bool(const Cell&)>& visit);

// `for_each_cell` into a vector. Error kind: input when no cell is left, with the likely reason.
Expected<std::vector<Cell>> all_cells(const Matrix& spec,
                                      const std::vector<std::string>& cells = {});

// Whether each of Selection::cells fits a cell. Error kind: input, naming those that fit none and
// the likely reason.
Expected<void> check_cells(const Matrix& spec, const std::vector<std::string>& cells);

// The sentence for a matrix that has no cell.
Error no_cells(const Matrix& spec);

// "*" in "scenarios" of a matrix, and --all-scenarios: every scenario that needs no parameter, and
// no host port unless there is one. Error kind: input, of a scenario file.
Expected<std::vector<std::string>> all_scenarios(scenario::ScenarioLibrary& library,
                                                 bool with_host_port);

// The scenario is there, and its parameters are the ones it knows. Error kind: input.
Expected<void> check_scenario_axis(const ScenarioAxis& axis, scenario::ScenarioLibrary& library);

// The file of a matrix: a path, or the name of one that is shipped ("default"). Error kind: input,
// when it is neither.
Expected<std::filesystem::path> find_matrix(const std::string& name);

// The names of those in data_directory()/scenarios/conflists, in their order.
std::vector<std::string> shipped_conflists();

// A conflist by path or by name, relative to `base` (or the working directory when empty), then in
// data_directory()/scenarios/conflists. Of a directory it is the file that containerd would take:
// the first in the order of names, whether it loads or not. Error kind: input.
Expected<scenario::Conflist> find_conflist(std::string_view name,
                                           const std::filesystem::path& base);

// matrix/kubernetes-support.json: "1.24" -> {"1.7.0+", "1.6.4+", "1.5.11+"}. A "1.6.4+" means 1.6.4
// and every later 1.6.x. Error kind: input for a Kubernetes version that is not in it.
Expected<std::vector<std::string>> containerd_for_kubernetes(
    std::string_view kubernetes, const std::map<std::string, Version>& at_hand);

}  // namespace cni_matrix::matrix
