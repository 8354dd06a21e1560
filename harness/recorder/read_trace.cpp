#include "trace_format.hpp"

#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/text.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace cni_matrix::recorder {
namespace {

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

// False when the chunk is none that the recorder writes.
bool take_chunk(Tag tag, std::string_view content, PluginCall& call) {
  switch (tag) {
    case Tag::plugin:
      call.plugin = printable(content);
      return true;
    case Tag::start:
      return parse_number(content, call.start_ns);
    case Tag::delegated:
      call.delegated = true;
      return true;
    case Tag::environment: {
      const std::size_t equals = std::min(content.find('='), content.size());
      call.environment[printable(content.substr(0, equals))] =
          printable(content.substr(std::min(equals + 1, content.size())));
      return true;
    }
    case Tag::input:
      call.input += content;
      return true;
    case Tag::output:
      call.output += content;
      return true;
    case Tag::error_output:
      call.error_output += content;
      return true;
    case Tag::fault:
      call.fault = printable(content);
      return true;
    case Tag::withheld:
      call.withheld += content;
      return true;
    case Tag::truncated:
      call.truncated = true;
      return true;
    case Tag::end:
      call.finished = parse_end(content, call);
      return call.finished;
  }
  return false;
}

// A chunk that is only partly there (the recorder is at it, was killed, or had no space) ends the
// file: the call has not finished.
Expected<PluginCall> parse_call(std::string_view text, const std::filesystem::path& file) {
  PluginCall call;
  if (text.substr(0, k_magic_size) != std::string_view(k_magic, k_magic_size)) {
    return broken("{} is not a recorded plugin call: it does not start as one", file.string());
  }
  text.remove_prefix(k_magic_size);
  while (text.size() >= k_chunk_header_size) {
    const std::size_t size = chunk_size(text.data());
    if (text.size() - k_chunk_header_size < size) {
      break;
    }
    const Tag tag{text.front()};
    if (!take_chunk(tag, text.substr(k_chunk_header_size, size), call)) {
      return broken("{} is not a recorded plugin call: its part '{}' is malformed", file.string(),
                    printable(text.substr(0, 1)));
    }
    text.remove_prefix(k_chunk_header_size + size);
  }
  // Pieces of a stream can split a character, so this comes last.
  call.input = printable(call.input);
  call.output = printable(call.output);
  call.error_output = printable(call.error_output);
  call.withheld = printable(call.withheld);
  if (const auto command = call.environment.find("CNI_COMMAND");
      command != call.environment.end()) {
    call.command = command->second;
  }
  return call;
}

}  // namespace

Expected<std::vector<PluginCall>> read_trace(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    files.push_back(entry->path());
  }
  if (error) {
    return broken("cannot read the trace of plugin calls in {}: {}", directory.string(),
                  error.message());
  }
  std::sort(files.begin(), files.end());  // names start with the time, so: in order of start
  std::vector<PluginCall> calls;
  for (const auto& file : files) {
    CNI_MATRIX_TRY_ASSIGN(const std::string text, cni_matrix::read_file(file));
    if (text.size() < k_magic_size) {
      continue;  // made, and not yet or never written: nothing is known of that call
    }
    CNI_MATRIX_TRY_ASSIGN(PluginCall call, parse_call(text, file));
    calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace cni_matrix::recorder
