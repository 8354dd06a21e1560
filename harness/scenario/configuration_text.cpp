#include "configuration_text.hpp"

#include "base/try.hpp"
#include "cni/network_config.hpp"
#include "go/interface.hpp"
#include "go/json_parse.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::scenario {

namespace {

constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

// nlohmann's parser takes these two, and Go's takes neither.
std::string_view cure_of(std::string_view text) {
  return text.starts_with(k_byte_order_mark)
             ? "it begins with a byte order mark; save it without one"
             : "JSON has no comments; take them out";
}

go::Decoded<OrderedJson> load(std::string_view text) {
  const auto parsed = go::parse(text);
  if (!parsed) {
    return tl::unexpected(parsed.error());
  }
  // A number that no float64 holds is none to nlohmann's parser either.
  if (const auto numbers = go::as_interface(*parsed); !numbers) {
    return tl::unexpected(numbers.error());
  }
  return go::to_ordered_json(*parsed);
}

}  // namespace

Expected<ConfigurationText> read_configuration(std::string_view text, std::string_view name) {
  const auto loaded = load(text);
  if (loaded) {
    return ConfigurationText{*loaded, {}};
  }
  TRY(parse_json(text, name));
  return ConfigurationText{OrderedJson::parse(text, nullptr, true, true),
                           fmt::format("{} ({})", loaded.error(), cure_of(text))};
}

Json loaded_configuration(std::string_view text) {
  const auto loaded = load(text);
  return loaded ? Json::parse(loaded->dump()) : Json();
}

Expected<std::vector<std::filesystem::path>> configuration_files_in(
    const std::filesystem::path& directory) {
  auto files = cni::conf_files(directory, cni::configuration_extensions(), cni::LibcniTraits());
  if (!files) {
    return input_error("{}: {}", directory.string(), files.error());
  }
  std::sort(files->begin(), files->end(),
            [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return std::move(*files);
}

}  // namespace cni_matrix::scenario
