#include "tap.hpp"

#include "streams.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::recorder {

char* Tap::buffer(int which) {
  static char buffers[2][k_stream_limit];
  return buffers[which];
}

void Tap::hold(const char* bytes, std::size_t size) {
  const std::size_t kept = std::min(size, k_stream_limit - held_size);
  std::copy(bytes, bytes + kept, held + held_size);
  held_size += kept;
}

void Tap::read_input(Trace& trace) {
  while (!input_ended && input_size < k_stream_limit) {
    const std::size_t count = read(input + input_size, k_stream_limit - input_size, trace);
    input_ended = count == 0;
    input_size += count;
  }
}

void Tap::skip_input(Trace& trace) {
  while (read(input, k_stream_limit, trace) > 0) {
  }
}

std::size_t Tap::read(char* to, std::size_t size, Trace& trace) {
  ssize_t count = 0;
  while ((count = read_again(STDIN_FILENO, to, size)) < 0 && errno == EAGAIN) {
    pollfd ready = {STDIN_FILENO, POLLIN, 0};
    ::poll(&ready, 1, -1);
  }
  if (count <= 0) {
    return 0;
  }
  const auto bytes = static_cast<std::size_t>(count);
  version.feed(to, bytes);
  trace.stream(Tag::input, to, bytes);
  return bytes;
}

}  // namespace cni_matrix::recorder
