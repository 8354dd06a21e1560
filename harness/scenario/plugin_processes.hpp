#pragma once

#include "recorder/collector.hpp"

namespace cni_matrix::scenario {

// A killed runtime leaves the plugins that it called, and they go on. Wait until none runs, so that
// what they do is not a matter of chance; one that hangs is waited for two seconds. `collector`
// knows of the calls that are recorded; null when none is.
void wait_for_plugins(recorder::Collector* collector);

}  // namespace cni_matrix::scenario
