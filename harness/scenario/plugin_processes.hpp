#pragma once

namespace cni_matrix::scenario {

// A killed runtime leaves the plugins that it called, and they go on. Wait until none runs, so that
// what they do is not a matter of chance; one that hangs is waited for two seconds.
void wait_for_plugins();

}  // namespace cni_matrix::scenario
