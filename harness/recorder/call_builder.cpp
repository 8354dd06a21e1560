#include "call_builder.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace cni_matrix::recorder {
namespace {

constexpr std::size_t k_environment_limit = 1U << 20U;

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_end(std::string_view text, PluginCall& call) {
  const std::vector<std::string> fields = split(text, ' ');
  return fields.size() == 4 && parse_number(fields[0], call.exit_code) &&
         parse_number(fields[1], call.signal) && parse_number(fields[2], call.end_ns) &&
         parse_number(fields[3], call.recorder_cpu_us);
}

}  // namespace

bool CallBuilder::take(std::string_view chunks, Streams streams) {
  while (!chunks.empty()) {
    if (chunks.size() < k_chunk_header_size ||
        chunks.size() - k_chunk_header_size < chunk_size(chunks.data())) {
      return false;
    }
    const std::size_t size = chunk_size(chunks.data());
    if (finished() ||
        !take_chunk(Tag{chunks.front()}, chunks.substr(k_chunk_header_size, size), streams)) {
      return false;
    }
    m_begun = true;
    chunks.remove_prefix(k_chunk_header_size + size);
  }
  return true;
}

bool CallBuilder::take_chunk(Tag tag, std::string_view content, Streams streams) {
  switch (tag) {
    case Tag::plugin:
      m_call.plugin = printable(content);
      return true;
    case Tag::start:
      return parse_number(content, m_call.start_ns);
    case Tag::environment: {
      m_environment_size += content.size();
      if (m_environment_size > k_environment_limit) {
        return false;
      }
      const std::size_t equals = std::min(content.find('='), content.size());
      const std::string name = printable(content.substr(0, equals));
      std::string& value = m_call.environment[name];
      value = printable(content.substr(std::min(equals + 1, content.size())));
      if (name == "CNI_COMMAND") {
        m_call.command = value;
      }
      return true;
    }
    case Tag::input:
      return take_piece(m_call.input, content, streams);
    case Tag::output:
      return take_piece(m_call.output, content, streams);
    case Tag::error_output:
      return take_piece(m_call.error_output, content, streams);
    case Tag::fault:
      m_call.fault = printable(content);
      return true;
    case Tag::withheld:
      return take_piece(m_call.withheld, content, streams);
    case Tag::truncated:
      m_call.truncated = true;
      return true;
    case Tag::end:
      m_call.finished = parse_end(content, m_call);
      return m_call.finished;
  }
  return false;
}

bool CallBuilder::take_piece(std::string& stream, std::string_view content, Streams streams) {
  if (streams == Streams::drop) {
    m_call.truncated = true;
    return true;
  }
  if (content.size() > k_stream_limit - stream.size()) {
    return false;
  }
  stream += content;
  return true;
}

PluginCall CallBuilder::call() const {
  PluginCall call = m_call;
  // Pieces of a stream can split a character, so this comes last.
  call.input = printable(call.input);
  call.output = printable(call.output);
  call.error_output = printable(call.error_output);
  call.withheld = printable(call.withheld);
  return call;
}

}  // namespace cni_matrix::recorder
