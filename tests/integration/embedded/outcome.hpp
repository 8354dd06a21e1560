#pragma once

#include <cni_matrix/base/json.hpp>

#include <string>
#include <vector>

namespace cni_matrix::test {

// The rows of tests/data/observed-outcomes.jsonl: what real containerds did.
std::vector<Json> observed_rows();

// Without what differs from machine to machine: ids, uuids, directories, hashes, iptables' banner.
std::string normalised(std::string text);

// The parts of a row, or of our own outcome, that are compared, with texts normalised. A part that
// `row` does not have is left out.
Json comparable(const Json& outcome, const Json& row);

// "1.6.20 / 0.9.0 / bridge-portmap@none / repair to 0.4.0"
std::string title(const Json& row);

}  // namespace cni_matrix::test
