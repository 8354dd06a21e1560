#pragma once

#include <string>
#include <string_view>

// What containerd's log says of why there is no CRI: the text of the error alone, or nothing. The
// log is logrus' text format in every version.
namespace cni_matrix::containerd {

// Why it does not take its configuration file: "unsupported config version `3`".
std::string refusal_in(std::string_view log);

// Why it has ended by itself: "cni network conf monitor error: ...".
std::string end_in(std::string_view log);

}  // namespace cni_matrix::containerd
