#pragma once

#include <cni_matrix/recorder/fault_action.hpp>

#include <cstddef>

// What the faults directory looks like:
//   rules/1, rules/2, ...     one fault each, without gaps; complete when they appear
//   rules/1.count, ...        one byte for every call that fitted (O_APPEND: each gets a number)
//   runtime.pid               decimal
//   empty/                    a PATH without programs
// A rule is k_rule_magic, the line "PLUGIN COMMAND CALL ACTION STATUS MILLISECONDS\n" (COMMAND is
// "-" for any, ACTION a name of k_fault_actions), and the rest is the text: of fail and fail-after
// the error object after its cniVersion, so that the recorder has nothing to escape.
namespace cni_matrix::recorder {

inline constexpr char k_rule_magic[] = "cni-matrix fault 1\n";
inline constexpr std::size_t k_rule_magic_size = sizeof(k_rule_magic) - 1;
inline constexpr std::size_t k_rule_line_limit = 512;
inline constexpr std::size_t k_rule_text_limit = 64U << 10U;
inline constexpr int k_rules_limit = 64;
inline constexpr char k_any_command = '-';
inline constexpr char k_version_placeholder[] = "{{cniVersion}}";
inline constexpr int k_longest_wait_ms = 600'000;

}  // namespace cni_matrix::recorder
