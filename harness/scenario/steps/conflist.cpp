#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../stage.hpp"
#include "families.hpp"

#include "base/try.hpp"
#include <cni_matrix/scenario/conflist.hpp>

// edit-conflist, remove-conflist, restore-conflist: the network configuration list of the cell.
namespace cni_matrix::scenario::steps {

namespace {

// Write it in place, with another cniVersion or after a patch.
class Edit : public NodeAct {
 public:
  static Expected<Edit> read(const Fields& fields) {
    Edit act;
    act.m_to = fields.text("to");
    if (fields.has("patch")) {
      act.m_patch = fields.at("patch");
    }
    if (act.m_to.empty() == act.m_patch.is_null()) {
      return fields.refusal(": the step edit-conflist needs either \"to\" or \"patch\"");
    }
    return act;
  }

  Expected<void> plan(CellNeeds& needs) const override {
    if (m_to.empty()) {
      if (const auto patched = needs.conflist.patch(m_patch); !patched) {
        return input_error("{}: {}", needs.place, patched.error().message);
      }
    }
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    auto& conflist = stage.conflist();
    if (m_to.empty()) {
      TRY(conflist.patch(m_patch));
    } else {
      conflist.set_version(m_to);
    }
    TRY(stage.write_conflist());
    TRY(stage.await_configuration(conflist.json()));
    result.effect.cni_version = cni_version_of(conflist.json());
    result.detail = *result.effect.cni_version;
    return {};
  }

  std::string m_to;  // a value, "none" or "empty"
  Json m_patch;      // RFC 6902, on the file as it is then
};

class Remove : public NodeAct {
 public:
  explicit Remove(const Fields& /*fields*/) {}

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    TRY(stage.conflist().remove());
    result.effect.conflist_gone = true;
    return stage.await_configuration(Json());
  }
};

// Put it back, as it was.
class Restore : public NodeAct {
 public:
  explicit Restore(const Fields& /*fields*/) {}

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    TRY(stage.write_conflist());
    result.effect.conflist_gone = false;
    result.effect.cni_version = cni_version_of(stage.conflist().json());
    return stage.await_configuration(stage.conflist().json());
  }
};

}  // namespace

std::vector<StepKind> conflist() {
  return {
      {"edit-conflist", "edit-conflist", {}, {"to", "patch"}, read_act<Edit>},
      {"remove-conflist", "remove-conflist", {}, {}, read_act<Remove>},
      {"restore-conflist", "restore-conflist", {}, {}, read_act<Restore>},
  };
}

}  // namespace cni_matrix::scenario::steps
