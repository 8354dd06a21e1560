#pragma once

#include "scenario.hpp"

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::scenario {

using ScenarioPointer = std::shared_ptr<const Scenario>;

// The scenarios of a folder, and files of the user's. The folder is listed once and a file is read
// once, when it is asked for. Not for several threads. Error kind of its functions: input.
class ScenarioLibrary {
 public:
  // data_directory()/scenarios, with a folder for each area: a file for each scenario, or for a
  // family of them (variants.hpp).
  ScenarioLibrary();
  explicit ScenarioLibrary(std::filesystem::path folder) : m_folder(std::move(folder)) {}

  // By its id, or a path that ends in ".json". An unknown one comes with "did you mean".
  Expected<ScenarioPointer> find(std::string_view id);
  // What a node has, read once.
  Expected<NodePointer> node(const NodeSource& source);
  // The ids of the folder, sorted.
  Expected<std::vector<std::string>> ids();
  // Those of the folder, by area and id.
  Expected<std::vector<ScenarioPointer>> all();

 private:
  using Files = std::map<std::string, std::filesystem::path>;  // by their names without ".json"
  Expected<const Files*> files();
  Expected<ScenarioPointer> read(std::string_view id);

  std::filesystem::path m_folder;
  std::optional<Files> m_files;
  std::map<std::string, ScenarioPointer, std::less<>> m_read;
  std::map<std::string, NodePointer> m_nodes;  // by file and place
};

}  // namespace cni_matrix::scenario
