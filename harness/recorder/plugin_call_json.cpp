#include <cni_matrix/recorder/plugin_call.hpp>

namespace cni_matrix::recorder {

Json to_json(const PluginCall& call) {
  Json value = {{"plugin", call.plugin},           {"command", call.command},
                {"environment", call.environment}, {"input", call.input},
                {"output", call.output},           {"error_output", call.error_output},
                {"truncated", call.truncated},     {"exit_code", call.exit_code},
                {"signal", call.signal},           {"finished", call.finished},
                {"delegated", call.delegated},     {"start_ns", call.start_ns},
                {"end_ns", call.end_ns},           {"recorder_cpu_us", call.recorder_cpu_us}};
  if (!call.fault.empty()) {
    value["fault"] = call.fault;
    value["withheld"] = call.withheld;
  }
  return value;
}

Expected<PluginCall> plugin_call_from_json(const Json& value) {
  PluginCall call;
  try {
    value.at("plugin").get_to(call.plugin);
    value.at("command").get_to(call.command);
    value.at("environment").get_to(call.environment);
    value.at("input").get_to(call.input);
    value.at("output").get_to(call.output);
    value.at("error_output").get_to(call.error_output);
    call.truncated = value.value("truncated", false);
    value.at("exit_code").get_to(call.exit_code);
    value.at("signal").get_to(call.signal);
    value.at("finished").get_to(call.finished);
    value.at("delegated").get_to(call.delegated);
    value.at("start_ns").get_to(call.start_ns);
    value.at("end_ns").get_to(call.end_ns);
    value.at("recorder_cpu_us").get_to(call.recorder_cpu_us);
    call.fault = value.value("fault", "");
    call.withheld = value.value("withheld", "");
  } catch (const Json::exception& error) {
    return input_error("a plugin call in the trace is not as this program writes it: {}",
                       error.what());
  }
  return call;
}

}  // namespace cni_matrix::recorder
