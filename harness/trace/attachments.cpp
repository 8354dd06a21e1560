#include "attachments.hpp"

#include "base/json_fields.hpp"
#include "base/text.hpp"
#include "cni/libcni_caller.hpp"

#include <algorithm>
#include <utility>

namespace cni_matrix::trace {

namespace {

std::ptrdiff_t count_of(const std::vector<std::string>& plugins, const std::string& plugin) {
  return std::count(plugins.begin(), plugins.end(), plugin);
}

// Whether `call` is a new walk through the list and not the next step of `run`.
bool begins_anew(const RuntimeCall& call, const ChainRun& run, const ChainRun* add) {
  if (!run.is(call.raw->command) || !run.calls.back()->succeeded()) {
    return true;  // the runtime stops at the first failure (SPEC section 3)
  }
  const auto plugins = run.plugins();
  if (call.is("ADD")) {
    return call.plugin() == plugins.front() && !call.has("prevResult");
  }
  // A list may have the same plugin twice, but not more often at DEL than at ADD.
  const auto usual = add == nullptr ? 0 : count_of(add->plugins(), call.plugin());
  return count_of(plugins, call.plugin()) >= std::max<std::ptrdiff_t>(usual, 1);
}

}  // namespace

Json object_in(const std::string& text) {
  auto value = parse_json(text, "");
  return value && value->is_object() ? std::move(*value) : Json();
}

std::string RuntimeCall::variable(const std::string& name) const {
  const auto found = raw->environment.find(name);
  return found == raw->environment.end() ? std::string() : found->second;
}

std::string RuntimeCall::netns() const {
  auto path = variable("CNI_NETNS");
  if (path.starts_with("/var/run/")) {
    path.erase(0, 4);
  }
  return path;
}

std::string RuntimeCall::network() const {
  return text_at(input, "name");
}

std::string RuntimeCall::version() const {
  return text_at(input, "cniVersion");
}

bool RuntimeCall::has(const char* key) const {
  return input.is_object() && input.contains(key) && !input.at(key).is_null();
}

std::map<std::string, std::string> RuntimeCall::arguments() const {
  std::map<std::string, std::string> arguments;
  for (const auto& pair : split(variable("CNI_ARGS"), ';')) {
    if (!pair.empty()) {
      const auto equals = std::min(pair.find('='), pair.size());
      arguments[pair.substr(0, equals)] = pair.substr(std::min(equals + 1, pair.size()));
    }
  }
  return arguments;
}

Json RuntimeCall::runtime_config() const {
  return has("runtimeConfig") ? input.at("runtimeConfig") : Json::object();
}

std::string RuntimeCall::title() const {
  return fmt::format("{} {} of container {} on {}", plugin(), raw->command,
                     container().substr(0, 12), interface());
}

std::vector<std::string> ChainRun::plugins() const {
  std::vector<std::string> names;
  for (const auto* call : calls) {
    names.push_back(call->plugin());
  }
  return names;
}

const ChainRun* Attachment::add_before(std::size_t index) const {
  while (index-- > 0) {
    if (runs[index].is("ADD")) {
      return &runs[index];
    }
  }
  return nullptr;
}

std::vector<RuntimeCall> runtime_calls(const std::vector<recorder::PluginCall>& trace) {
  static const std::string k_mark(cni::k_caller_mark);
  auto calls = all_calls(trace);
  std::erase_if(calls,
                [](const RuntimeCall& call) { return call.raw->environment.contains(k_mark); });
  return calls;
}

std::vector<RuntimeCall> all_calls(const std::vector<recorder::PluginCall>& trace) {
  std::vector<RuntimeCall> calls;
  for (const auto& raw : trace) {
    if (raw.delegated) {
      continue;
    }
    calls.push_back({&raw, object_in(raw.input)});
  }
  std::stable_sort(calls.begin(), calls.end(),
                   [](const auto& a, const auto& b) { return a.raw->start_ns < b.raw->start_ns; });
  return calls;
}

std::vector<Attachment> attachments(const std::vector<RuntimeCall>& calls) {
  std::vector<Attachment> found;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& call : calls) {
    if (!call.is("ADD") && !call.is("DEL")) {
      continue;
    }
    const auto [place, is_new] =
        places.try_emplace({call.container(), call.interface()}, found.size());
    if (is_new) {
      found.emplace_back();
    }
    auto& runs = found[place->second].runs;
    const auto* add = found[place->second].add_before(runs.size());
    if (runs.empty() || begins_anew(call, runs.back(), add)) {
      runs.emplace_back();
    }
    runs.back().calls.push_back(&call);
  }
  return found;
}

}  // namespace cni_matrix::trace
