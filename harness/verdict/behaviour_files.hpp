#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// The files that known behaviours stand in.
namespace cni_matrix::verdict {

// One known behaviour as it is written.
struct BehaviourEntry {
  std::string id;
  std::string place;  // "chain.json: at /behaviours/3", for errors
  Json value;
};

// Where the shipped ones are: matrix/known-behaviours of data_directory().
std::filesystem::path shipped_behaviours();

// Of files, and of each .json file of folders; in the order of their ids, so that it does not
// matter which file has which. Error kind: input, also when an id stands twice.
Expected<std::vector<BehaviourEntry>> load_behaviour_entries(
    const std::vector<std::filesystem::path>& places);
// The shipped ones, where there are any, and one's own.
Expected<std::vector<BehaviourEntry>> all_behaviour_entries(
    const std::vector<std::filesystem::path>& own);

// Of a document, `name`, that is there already.
Expected<std::vector<BehaviourEntry>> behaviour_entries(const Json& document,
                                                        std::string_view name);

}  // namespace cni_matrix::verdict
