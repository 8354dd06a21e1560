#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../configuration_text.hpp"
#include "../demands.hpp"
#include "../plugin_processes.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include "runtime/settings_json.hpp"
#include <cni_matrix/scenario/conflist.hpp>

#include <filesystem>

// restart-runtime, replace-runtime, kill-runtime, update-runtime-config: the runtime itself.
namespace cni_matrix::scenario::steps {

namespace {

// SIGTERM, then start the same containerd, or another one, on the same state. `settings` stay until
// others come.
class Start : public Act {
 public:
  static Expected<Start> read(const Fields& fields) {
    Start act;
    act.m_to = fields.text("to");
    if (fields.has("settings")) {
      TRY_ASSIGN(act.m_settings,
                 settings_from_json(fields.at("settings"), fields.place() + "/settings"));
    }
    return act;
  }

  void demand(Demands& demands) const override {
    demands.settings = m_settings.value_or(demands.settings);
    if (!m_to.empty()) {
      demands.containerds.push_back(m_to);
    }
  }

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    story.settings = m_settings.value_or(story.settings);
    story.config_directory_gone = false;  // containerd makes it where it is missing
    return {};
  }

  Expected<void> plan(CellNeeds& needs) const override {
    if (m_to.empty()) {
      return {};
    }
    needs.containerd = m_to;
    return needs.check_token(m_to);
  }

  [[nodiscard]] bool ends_processes() const override { return true; }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) { return start(stage, result); });
  }

 private:
  // A runtime that does not start with the settings that the scenario asks for is a result.
  Expected<void> start(Stage& stage, StepResult& result) const {
    if (m_settings) {
      stage.settings() = m_settings;
    }
    describe(stage, result);
    TRY(stage.runtime().shut_down());
    wait_for_plugins(stage.setup().collector);
    auto started = stage.start_runtime(m_to.empty() ? stage.runtime_token() : m_to);
    result.ok = started.has_value();
    if (result.ok) {
      return stage.find_pods();
    }
    if (started.error().kind != ErrorKind::input) {
      return started;
    }
    if (!stage.settings()) {
      return broken("the runtime refuses its configuration: {}", started.error().message);
    }
    result.error = started.error().message;
    return {};
  }

  void describe(const Stage& stage, StepResult& result) const {
    if (m_to.empty()) {
      result.detail = m_settings ? summary_of(*m_settings) : "";
      return;
    }
    const auto& choices = stage.setup().runtimes;
    const auto found = choices.find(m_to);
    result.detail = found == choices.end() ? m_to : found->second.version;
    if (const auto version = Version::parse(result.detail)) {
      result.effect.containerd = *version;
    }
  }

  std::string m_to;  // a version token; empty: the one that runs
  std::optional<RuntimeSettings> m_settings;
};

// SIGKILL; restart-runtime brings it up again.
class Kill : public NodeAct {
 public:
  explicit Kill(const Fields& /*fields*/) {}
  [[nodiscard]] bool ends_processes() const override { return true; }

 private:
  Expected<void> change(Stage& stage, StepResult& /*result*/) const override {
    return stage.runtime().kill();
  }
};

constexpr const char* k_made_of_template = "10-containerd-net.conflist";

// What kubelet does with the node's pod networks: containerd makes a configuration of its template.
class UpdateConfig : public Act {
 public:
  explicit UpdateConfig(const Fields& fields) : m_pod_cidr(fields.text("podCidr")) {}

  void demand(Demands& demands) const override {
    if (demands.daemon.empty() && !demands.settings.conf_template.empty()) {
      demands.daemon = "containerd makes a configuration of a template";
    }
  }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) {
      result.detail = m_pod_cidr;
      stage.note_change();
      take_answer(stage.runtime().update_runtime_config(m_pod_cidr), result);
      note_written(result);
      return Expected<void>();
    });
  }

 private:
  // Where containerd has made a configuration, it is one more file of the directory.
  static void note_written(StepResult& result) {
    const auto text = read_file(std::filesystem::path(layout::k_cni_conf) / k_made_of_template);
    const auto written = text ? loaded_configuration(*text) : Json();
    if (!written.is_null()) {
      result.effect.config_file = k_made_of_template;
      result.effect.config_traits = conflist_traits(written);
      result.effect.conflist_gone = false;
    }
  }

  std::string m_pod_cidr;
};

}  // namespace

std::vector<StepKind> runtime() {
  return {
      {"restart-runtime", "restart-runtime", {}, {"settings"}, read_act<Start>},
      {"replace-runtime", "replace-runtime", {"to"}, {"settings"}, read_act<Start>},
      {"kill-runtime", "kill-runtime", {}, {}, read_act<Kill>},
      {"update-runtime-config", "UpdateRuntimeConfig", {"podCidr"}, {}, read_act<UpdateConfig>},
  };
}

}  // namespace cni_matrix::scenario::steps
