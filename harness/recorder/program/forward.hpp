#pragma once

#include "child.hpp"
#include "tap.hpp"
#include "trace.hpp"

#include <cstdint>

namespace cni_matrix::recorder {

struct Ending {
  int status = 0;  // as waitpid(2) gives it
  // What the kernel charged us for reaping the plugin: milliseconds after a bridge plugin, which
  // the runtime would pay if we were not there.
  std::int64_t reaping_us = 0;
};

// Carry the three streams between our caller and the plugin, noting them in `trace`, until the
// plugin has ended and its output has too. With a `tap` a caller that no longer reads is no reason
// to let the plugin feel it.
Ending forward(Child& child, const Signals& signals, Trace& trace, Tap* tap = nullptr);

}  // namespace cni_matrix::recorder
