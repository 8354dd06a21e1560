#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <string>
#include <string_view>

namespace cni_matrix {

// "settings" of a scenario's step; what it does not say is containerd's default. `value` has passed
// the scenario's schema. Error kind: input, with `place`.
Expected<RuntimeSettings> settings_from_json(const Json& value, std::string_view place);

// "configVersion=3 maxConfNum=2": what is not the default, for results.
std::string summary_of(const RuntimeSettings& settings);

}  // namespace cni_matrix
