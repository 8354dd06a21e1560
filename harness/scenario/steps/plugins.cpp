#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../demands.hpp"
#include "../stage.hpp"
#include "families.hpp"

#include "base/try.hpp"

// replace-plugins, remove-plugin, restore-plugin: the directory of plugins.
namespace cni_matrix::scenario::steps {

namespace {

// Every plugin, or one alone, is now the one of another release.
class Replace : public NodeAct {
 public:
  explicit Replace(const Fields& fields)
      : m_to(fields.text("to")), m_plugin(fields.text("plugin")) {}

  void demand(Demands& demands) const override { demands.plugins.push_back(m_to); }

  Expected<void> plan(CellNeeds& needs) const override {
    needs.plugins.push_back({m_to, m_plugin});
    if (m_plugin.empty()) {
      needs.plugins_in_use = m_to;
    }
    return needs.check_token(m_to);
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    const auto& choices = stage.setup().plugins;
    const auto found = choices.find(m_to);
    if (found == choices.end()) {
      return broken("the step asks for plugins {}, which the cell does not have", m_to);
    }
    const auto& [version, folder, overlays] = found->second;
    result.detail = m_plugin.empty() ? version : m_plugin + " " + version;
    if (!m_plugin.empty()) {
      return stage.plugins().replace(m_plugin, folder, overlays);  // the others are what they were
    }
    if (const auto parsed = Version::parse(version)) {
      result.effect.plugins = *parsed;
      result.effect.plugins_token = m_to;
    }
    return stage.plugins().use(folder, overlays);
  }

  std::string m_to;      // a version token
  std::string m_plugin;  // empty: all
};

// Delete the executable.
class Remove : public NodeAct {
 public:
  explicit Remove(const Fields& fields) : m_plugin(fields.text("plugin")) {}

  Expected<void> plan(CellNeeds& needs) const override {
    needs.plugins.push_back({"", m_plugin});
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_plugin;
    result.effect.plugin_gone = m_plugin;
    TRY_ASSIGN(const bool removed, stage.plugins().remove(m_plugin));
    result.detail += removed ? "" : k_was_not_there;
    return {};
  }

  std::string m_plugin;
};

// Put it back.
class Restore : public NodeAct {
 public:
  explicit Restore(const Fields& fields) : m_plugin(fields.text("plugin")) {}

  Expected<void> plan(CellNeeds& needs) const override {
    needs.plugins.push_back({"", m_plugin});
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_plugin;
    result.effect.plugin_back = m_plugin;
    TRY_ASSIGN(const bool restored, stage.plugins().restore(m_plugin));
    result.detail += restored ? "" : k_was_there;
    return {};
  }

  std::string m_plugin;
};

}  // namespace

std::vector<StepKind> plugins() {
  return {
      {"replace-plugins", "replace-plugins", {"to"}, {"plugin"}, read_act<Replace>},
      {"remove-plugin", "remove-plugin", {"plugin"}, {}, read_act<Remove>},
      {"restore-plugin", "restore-plugin", {"plugin"}, {}, read_act<Restore>},
  };
}

}  // namespace cni_matrix::scenario::steps
