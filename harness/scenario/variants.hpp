#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Scenarios that differ in little stand in one file, a family (matrix/scenario-family.schema.json):
// NAME.family.json has what they share, and for each of them what it has of its own.
namespace cni_matrix::scenario {

// The scenarios of a family, each as the document that a file of its own would have
// (matrix/scenario.schema.json). A variant's members take the place of the family's; under "steps"
// it has, by the number of a step, the members that take the place of that step's. `name` is what
// an error names. Error kind: input.
Expected<std::vector<Json>> variants_of(const Json& family, std::string_view name);

// The ids of the scenarios in `file`. That of a file of one scenario is the file's name, and the
// file is not read.
Expected<std::vector<std::string>> ids_in(const std::filesystem::path& file);

// Which of `files`, by their names without ".json", has the scenario `id`; empty when none has.
// Families are read only when no file has that name: a cell should not cost the reading of all.
Expected<std::filesystem::path> file_of(std::string_view id,
                                        const std::map<std::string, std::filesystem::path>& files);

// The document of the scenario `id` of those in `file`.
Expected<Json> load_document(const std::filesystem::path& file, std::string_view id);

}  // namespace cni_matrix::scenario
