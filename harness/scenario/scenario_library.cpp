#include "scenario_library.hpp"

#include "variants.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <algorithm>
#include <system_error>
#include <utility>

namespace cni_matrix::scenario {

namespace fs = std::filesystem;

ScenarioLibrary::ScenarioLibrary() : m_folder(data_directory() / "scenarios") {}

Expected<const ScenarioLibrary::Files*> ScenarioLibrary::files() {
  if (m_files) {
    return &*m_files;
  }
  Files files;
  std::error_code error;
  for (auto area = fs::directory_iterator(m_folder, error);
       !error && area != fs::directory_iterator(); area.increment(error)) {
    if (!area->is_directory(error) || area->path().filename() == "conflists") {
      continue;
    }
    for (auto entry = fs::directory_iterator(area->path(), error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      if (entry->path().extension() == ".json" && entry->path().stem().extension() != ".node") {
        files[entry->path().stem().string()] = entry->path();
      }
    }
  }
  if (error) {
    return input_error(
        "{}: cannot be read: {}; set CNI_MATRIX_DATA to the folder that has "
        "scenarios/ and matrix/",
        m_folder.string(), error.message());
  }
  m_files = std::move(files);
  return &*m_files;
}

Expected<ScenarioPointer> ScenarioLibrary::read(std::string_view id) {
  if (id.ends_with(".json")) {
    const fs::path file(id);
    TRY_ASSIGN(const auto value, load_json(file));
    TRY_ASSIGN(auto scenario, scenario_from_json(value, file.string()));
    return std::make_shared<const Scenario>(std::move(scenario));
  }
  TRY_ASSIGN(const auto* known, files());
  TRY_ASSIGN(const auto file, file_of(id, *known));
  if (file.empty()) {
    TRY_ASSIGN(const auto all, ids());
    return input_error("there is no scenario \"{}\"{}", id, suggestion(id, all));
  }
  TRY_ASSIGN(const auto value, load_document(file, id));
  TRY_ASSIGN(auto scenario, scenario_from_json(value, file.string()));
  scenario.file = file.filename().string();
  scenario.area = file.parent_path().filename().string();
  if (scenario.id != id) {
    return input_error("{}: at /id: \"{}\" is not the file's name", file.string(), scenario.id);
  }
  return std::make_shared<const Scenario>(std::move(scenario));
}

Expected<ScenarioPointer> ScenarioLibrary::find(std::string_view id) {
  if (const auto known = m_read.find(id); known != m_read.end()) {
    return known->second;
  }
  TRY_ASSIGN(auto scenario, read(id));
  m_read.emplace(id, scenario);
  return scenario;
}

Expected<NodePointer> ScenarioLibrary::node(const NodeSource& source) {
  const auto key = source.file.string() + "#" + source.at;
  if (const auto known = m_nodes.find(key); known != m_nodes.end()) {
    return known->second;
  }
  TRY_ASSIGN(auto description, load_node(source));
  m_nodes.emplace(key, description);
  return description;
}

Expected<std::vector<std::string>> ScenarioLibrary::ids() {
  TRY_ASSIGN(const auto* known, files());
  std::vector<std::string> ids;
  for (const auto& [name, file] : *known) {
    TRY_ASSIGN(const auto more, ids_in(file));
    ids.insert(ids.end(), more.begin(), more.end());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Expected<std::vector<ScenarioPointer>> ScenarioLibrary::all() {
  TRY_ASSIGN(const auto known, ids());
  std::vector<ScenarioPointer> scenarios;
  for (const auto& id : known) {
    TRY_ASSIGN(auto scenario, find(id));
    scenarios.push_back(std::move(scenario));
  }
  std::stable_sort(scenarios.begin(), scenarios.end(),
                   [](const auto& a, const auto& b) { return a->area < b->area; });
  return scenarios;
}

}  // namespace cni_matrix::scenario
