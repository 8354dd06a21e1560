#pragma once

namespace cni_matrix::recorder {

// Does another plugin call us (bridge its IPAM plugin), and not the runtime? True when an ancestor
// is the recorder too: every plugin runs below one. Decided from /proc, so that nothing has to be
// added to what the plugin sees. False where /proc cannot tell.
bool called_by_plugin();

}  // namespace cni_matrix::recorder
