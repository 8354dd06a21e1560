#include "probe_memory.hpp"

#include "remembered_failure.hpp"

#include "base/digest.hpp"
#include "base/file.hpp"
#include <cni_matrix/base/json.hpp>

namespace cni_matrix::artifacts {

std::filesystem::path ProbeMemory::answer(Component component, const std::string& digest) const {
  return m_folder / fmt::format("says-{}-{}.json", name_of(component), digest);
}

// Its text names what it is about, so another name for the same file has one of its own.
std::filesystem::path ProbeMemory::failure(Component component, const std::string& digest,
                                           std::string_view what) const {
  return m_folder / fmt::format("fails-{}-{}.json", name_of(component),
                                sha256(fmt::format("{} {}", digest, what)));
}

std::optional<Expected<Told>> ProbeMemory::find(Component component, const std::string& digest,
                                                std::string_view what) const {
  if (m_folder.empty()) {
    return std::nullopt;
  }
  if (const auto refused = remembered_failure(failure(component, digest, what))) {
    return unavailable("{}", refused->reason);
  }
  const auto said = answer(component, digest);
  std::error_code error;
  if (!std::filesystem::exists(said, error)) {
    return std::nullopt;
  }
  const auto json = load_json(said);
  if (!json || !json->is_object() || !json->contains("version")) {
    return std::nullopt;
  }
  const auto& text = (*json)["version"];
  if (text.is_null()) {
    return Told{};
  }
  const auto version =
      text.is_string() ? Version::parse(text.get<std::string>()) : input_error("no text");
  return version ? std::optional<Expected<Told>>(Told{*version, {}}) : std::nullopt;
}

void ProbeMemory::remember(Component component, const std::string& digest, std::string_view what,
                           const Expected<Told>& told) const {
  if (m_folder.empty() || (told && !told->not_asked.empty())) {
    return;
  }
  if (!told) {
    if (told.error().kind == ErrorKind::unavailable) {
      remember_failure(failure(component, digest, what), told.error().message);
    }
    return;
  }
  const Json json{{"version", told->version ? Json(told->version->str()) : Json()}};
  static_cast<void>(write_file_atomic(answer(component, digest), json.dump() + "\n"));
}

}  // namespace cni_matrix::artifacts
