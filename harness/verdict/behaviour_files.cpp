#include "behaviour_files.hpp"

#include "base/try.hpp"
#include <cni_matrix/base/paths.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

namespace cni_matrix::verdict {

namespace {

using Entries = std::vector<BehaviourEntry>;

Expected<void> add_entries(const Json& document, std::string_view name, Entries& entries) {
  TRY(check_schema(document, "known-behaviours", name));
  const auto& list = document.at("behaviours");
  for (std::size_t i = 0; i < list.size(); ++i) {
    entries.push_back({list[i].at("id").get<std::string>(),
                       fmt::format("{}: at /behaviours/{}", name, i), list[i]});
  }
  return {};
}

// F99 comes before F120.
bool has_lower_id(const BehaviourEntry& a, const BehaviourEntry& b) {
  return std::forward_as_tuple(a.id.size(), a.id) < std::forward_as_tuple(b.id.size(), b.id);
}

Expected<Entries> in_order(Entries entries) {
  std::stable_sort(entries.begin(), entries.end(), has_lower_id);
  const auto twice = std::adjacent_find(
      entries.begin(), entries.end(),
      [](const BehaviourEntry& a, const BehaviourEntry& b) { return a.id == b.id; });
  if (twice != entries.end()) {
    return input_error("{}/id: {} is there twice; the other one is {}", std::next(twice)->place,
                       twice->id, twice->place);
  }
  return entries;
}

Expected<std::vector<std::filesystem::path>> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".json") {
      files.push_back(entry->path());
    }
  }
  if (error) {
    return input_error("{}: cannot be read: {}", folder.string(), error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::filesystem::path shipped_behaviours() {
  return data_directory() / "matrix" / "known-behaviours";
}

Expected<Entries> load_behaviour_entries(const std::vector<std::filesystem::path>& places) {
  Entries entries;
  for (const auto& place : places) {
    std::vector<std::filesystem::path> files = {place};
    std::error_code ignored;
    if (std::filesystem::is_directory(place, ignored)) {
      TRY_ASSIGN(files, files_of(place));
    }
    for (const auto& file : files) {
      TRY_ASSIGN(const auto document, load_json(file));
      TRY(add_entries(document, file.string(), entries));
    }
  }
  return in_order(std::move(entries));
}

Expected<Entries> all_behaviour_entries(const std::vector<std::filesystem::path>& own) {
  auto places = own;
  std::error_code ignored;
  if (const auto folder = shipped_behaviours(); std::filesystem::exists(folder, ignored)) {
    places.insert(places.begin(), folder);
  }
  return load_behaviour_entries(places);
}

Expected<Entries> behaviour_entries(const Json& document, std::string_view name) {
  Entries entries;
  TRY(add_entries(document, name, entries));
  return in_order(std::move(entries));
}

}  // namespace cni_matrix::verdict
