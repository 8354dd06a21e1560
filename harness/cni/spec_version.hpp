#pragma once

#include <tl/expected.hpp>

#include <string>
#include <string_view>

namespace cni_matrix::cni {

// version.ParseVersion took "" for an error up to libcni 1.0.1 and for 0.1.0 since 1.1.0
// (containernetworking/cni commit 1054f8e): the reason why DEL fails without a cniVersion.
enum class EmptyVersion { is_an_error, is_0_1_0 };

// version.GreaterThanOrEqualTo, with its error texts.
tl::expected<bool, std::string> at_least(std::string_view version, std::string_view other,
                                         EmptyVersion empty);
// version.GreaterThan.
tl::expected<bool, std::string> greater(std::string_view version, std::string_view other,
                                        EmptyVersion empty);

}  // namespace cni_matrix::cni
