#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../configuration_files.hpp"
#include "../configuration_text.hpp"
#include "../configuration_wait.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/try.hpp"
#include "chain/chain.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/scenario/conflist.hpp>

// write-config, remove-config, remove-config-dir, make-config-dir: files beside the cell's own
// configuration, and their directory.
namespace cni_matrix::scenario::steps {

namespace {

std::filesystem::path directory_in(const Fields& fields) {
  return fields.text("dir", layout::k_cni_conf);
}

class Write : public NodeAct {
 public:
  static Expected<Write> read(const Fields& fields) {
    Write act;
    act.m_directory = directory_in(fields);
    act.m_file = fields.text("file");
    act.m_text = fields.text("text");
    TRY_ASSIGN(
        act.m_how,
        fields.one_of("how", {"write", "rename", "move-in", "symlink", "symlink-swap", "configmap"},
                      "write"));
    return act;
  }

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    story.config_directory_gone = story.config_directory_gone && m_directory != layout::k_cni_conf;
    return {};
  }

  Expected<void> plan(CellNeeds& needs) const override {
    auto written = loaded_configuration(m_text);
    needs.note(written);
    needs.written.push_back(std::move(written));
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_file;
    stage.note_change();
    if (m_directory == layout::k_cni_conf) {
      const auto written = loaded_configuration(m_text);
      const chain::Chain chain(written);
      result.effect.config_file = m_file;
      if (!chain.network().empty() && chain.size() > 0) {
        result.effect.conflist_gone = false;  // there is one, if another
        result.effect.config_traits = conflist_traits(written);
        result.effect.config_network = network_of(written);
      }
    }
    return write_config(m_directory, m_file, m_text, m_how);
  }

  std::filesystem::path m_directory;
  std::string m_file;
  std::string m_text;
  std::string m_how;  // see configuration_files.hpp
};

class Remove : public NodeAct {
 public:
  explicit Remove(const Fields& fields)
      : m_directory(directory_in(fields)), m_file(fields.text("file")) {}

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    result.detail = m_file;
    stage.note_change();
    if (m_directory == layout::k_cni_conf) {
      result.effect.config_file = m_file;
    }
    TRY_ASSIGN(const bool removed, remove_config(m_directory, m_file));
    result.detail += removed ? "" : k_was_not_there;
    return {};
  }

  std::filesystem::path m_directory;
  std::string m_file;
};

// rm -r of it, until the runtime has noticed.
class RemoveDirectory : public NodeAct {
 public:
  explicit RemoveDirectory(const Fields& /*fields*/) {}

  Expected<void> follow(Story& story, const Step& step) const override {
    story.config_directory_gone = story.config_directory_gone || step.is_certain();
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    TRY(remove_config_directory(layout::k_cni_conf));
    result.effect.conflist_gone = true;
    return wait_for_lost_directory(stage.runtime());
  }
};

// With the conflist in it.
class MakeDirectory : public NodeAct {
 public:
  explicit MakeDirectory(const Fields& /*fields*/) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    story.config_directory_gone = false;
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    stage.note_change();
    TRY(make_config_directory(layout::k_cni_conf));
    result.effect.conflist_gone = false;
    return stage.conflist().write();
  }
};

}  // namespace

std::vector<StepKind> configuration() {
  return {
      {"write-config", "write-config", {"file", "text"}, {"how", "dir"}, read_act<Write>},
      {"remove-config", "remove-config", {"file"}, {"dir"}, read_act<Remove>},
      {"remove-config-dir", "remove-config-dir", {}, {}, read_act<RemoveDirectory>},
      {"make-config-dir", "make-config-dir", {}, {}, read_act<MakeDirectory>},
  };
}

}  // namespace cni_matrix::scenario::steps
