#pragma once

#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/run/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How this room writes things for people.
namespace cni_matrix::report {

// `bytes` on one line, harmless to a terminal: control characters, invalid UTF-8 and the characters
// that turn the direction of writing come out escaped, line ends as blanks. Without `unicode`, what
// is not ASCII becomes '?'.
std::string shown(std::string_view bytes, bool unicode = true);

// Columns that a valid UTF-8 text takes, each code point counted as one.
std::size_t width(std::string_view text);
std::string padded(std::string_view text, std::size_t columns);

// Whether LC_ALL, LC_CTYPE or LANG (the first that is set) names a UTF-8 locale.
bool utf8_locale();

// "0.4 s", "12 s", "3 min 10 s", "2 h 5 min"
std::string duration_text(std::int64_t microseconds);

// "1 cell", "2 cells"
std::string counted(std::size_t number, std::string_view word);

// "1 netns, 2 lease"; empty when there is nothing.
std::string leftover_counts(const node::Inventory& leftover);

// "StopPodSandbox (to 1.0.0)"
std::string step_name(const run::StepResult& step);

// Why containerd had no network where that is what a call failed for: its own words as it loaded
// the configuration. Empty for anything else.
std::string load_error_of(const run::CellResult& result);

// What has to be said beside the version of an artifact that does not confirm it: " (as labelled)",
// " (as labelled; it says 1.6.4)". Empty for others.
std::string label_note(const std::optional<artifacts::Artifact>& artifact);

// Which verdict stands where there are several: the greatest. Interrupted, broken, fail, leak, then
// known, pass, skip.
int gravity(run::Verdict verdict);

}  // namespace cni_matrix::report
