#pragma once

#include "trace_format.hpp"

#include <cni_matrix/recorder/plugin_call.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cni_matrix::recorder {

// Makes a PluginCall of the chunks of trace_format.hpp, as they come.
class CallBuilder {
 public:
  enum class Streams { keep, drop };

  // Whole chunks. False when there are some that no recorder writes; what came before them is
  // taken. With Streams::drop the call says that it is truncated, and holds no more of its streams.
  bool take(std::string_view chunks, Streams streams = Streams::keep);

  [[nodiscard]] bool begun() const { return m_begun; }
  [[nodiscard]] bool finished() const { return m_call.finished; }
  // As it is by now, without its streams made fit to print: for its names.
  [[nodiscard]] const PluginCall& names() const { return m_call; }
  // The same, whole. Bytes that are not UTF-8 come as "\xNN".
  [[nodiscard]] PluginCall call() const;

 private:
  bool take_chunk(Tag tag, std::string_view content, Streams streams);
  bool take_piece(std::string& stream, std::string_view content, Streams streams);

  PluginCall m_call;
  bool m_begun = false;
  std::size_t m_environment_size = 0;
};

}  // namespace cni_matrix::recorder
