#pragma once

#include "cni_version.hpp"
#include "trace.hpp"

#include <cstddef>

namespace cni_matrix::recorder {

// What a fault has of the streams that are forwarded. There is one at most.
struct Tap {
  CniVersion version;  // of the configuration

  // Output of the plugin is kept here and not passed on; what does not fit is lost.
  bool hold_output = false;
  std::size_t held_size = 0;
  char* held = buffer(0);  // k_stream_limit bytes

  // Input that was read before the plugin was started, and is noted in the trace already.
  bool input_ended = false;
  std::size_t input_size = 0;
  char* input = buffer(1);  // k_stream_limit bytes

  void hold(const char* bytes, std::size_t size);

  // Read our standard input into `input` to its end, or until that is full.
  void read_input(Trace& trace);
  // The same, and lose it.
  void skip_input(Trace& trace);

 private:
  static char* buffer(int which);  // of zeros that are no part of the program's file
  std::size_t read(char* to, std::size_t size, Trace& trace);  // 0 at the end
};

}  // namespace cni_matrix::recorder
