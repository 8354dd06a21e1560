#pragma once

#include <string>
#include <string_view>

// What containerd's log says of why there is no CRI: the text of the error alone, or nothing. The
// log is logrus' text format in every version.
namespace cni_matrix::containerd {

// Why it does not take its configuration file: "unsupported config version `3`".
std::string refusal_in(std::string_view log);

// Why it has ended by itself: "cni network conf monitor error: ...", or the panic that ended it, of
// which the log goes on with the stack: "panic: runtime error: invalid memory address ...".
std::string end_in(std::string_view log);

// Whether such an end is one that no configuration and no machine should bring about.
bool is_panic(std::string_view end);

// Why it did not load the network configuration when it tried last; 1.3 says that nowhere else.
std::string load_error_in(std::string_view log);

}  // namespace cni_matrix::containerd
