#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::trace {

// null when the text is no JSON object.
Json object_in(const std::string& text);

// A plugin call of the runtime, read.
struct RuntimeCall {
  const recorder::PluginCall* raw = nullptr;
  Json input;  // null when standard input was no JSON object

  [[nodiscard]] const std::string& plugin() const { return raw->plugin; }
  [[nodiscard]] bool is(std::string_view command) const { return raw->command == command; }
  [[nodiscard]] bool is_attachment_call() const { return is("ADD") || is("DEL"); }
  [[nodiscard]] bool succeeded() const { return raw->finished && raw->exit_code == 0; }
  // A CNI_* variable; empty when it was empty or not there.
  [[nodiscard]] std::string variable(const std::string& name) const;
  [[nodiscard]] std::string container() const { return variable("CNI_CONTAINERID"); }
  [[nodiscard]] std::string interface() const { return variable("CNI_IFNAME"); }
  [[nodiscard]] std::string netns() const;    // /var/run written as /run
  [[nodiscard]] std::string network() const;  // `name` of the configuration
  [[nodiscard]] std::string version() const;  // `cniVersion` of the configuration
  [[nodiscard]] bool has(const char* key) const;
  [[nodiscard]] std::map<std::string, std::string> arguments() const;  // CNI_ARGS
  // runtimeConfig; none and an empty one are the same.
  [[nodiscard]] Json runtime_config() const;
  // "bridge ADD of container e51de5791ae4 on eth0"
  [[nodiscard]] std::string title() const;
};

// One walk through a plugin list: an ADD forward, a DEL backward, until its end or first failure.
struct ChainRun {
  std::vector<const RuntimeCall*> calls;
  [[nodiscard]] bool is(std::string_view command) const { return calls.front()->is(command); }
  [[nodiscard]] std::vector<std::string> plugins() const;
};

// All ADD and DEL calls for one CNI_CONTAINERID and CNI_IFNAME (SPEC section 3: an attachment), in
// order of start.
struct Attachment {
  std::vector<ChainRun> runs;
  // The last ADD before run number `index`; null when there is none.
  [[nodiscard]] const ChainRun* add_before(std::size_t index) const;
};

// The calls that the runtime made itself: none by another plugin, none by our own caller of libcni
// (cni/libcni_caller.hpp).
std::vector<RuntimeCall> runtime_calls(const std::vector<recorder::PluginCall>& trace);
// Those and our own.
std::vector<RuntimeCall> all_calls(const std::vector<recorder::PluginCall>& trace);

// They point into `calls`.
std::vector<Attachment> attachments(const std::vector<RuntimeCall>& calls);

// For every DEL of an attachment that has an ADD: visit(del, add).
template <typename Visit>
void for_each_del(const std::vector<RuntimeCall>& calls, const Visit& visit) {
  for (const auto& attachment : attachments(calls)) {
    for (std::size_t i = 0; i < attachment.runs.size(); ++i) {
      const auto* add = attachment.add_before(i);
      if (attachment.runs[i].is("DEL") && add != nullptr) {
        for (const auto* del : attachment.runs[i].calls) {
          visit(*del, *add);
        }
      }
    }
  }
}

}  // namespace cni_matrix::trace
