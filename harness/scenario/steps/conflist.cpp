#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/ip_range.hpp"
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
    act.m_subnet = fields.text("subnet");
    act.m_addresses = static_cast<unsigned>(fields.number("addresses"));
    if (fields.has("patch")) {
      act.m_patch = fields.at("patch");
    }
    const int given = static_cast<int>(fields.has("to")) + static_cast<int>(fields.has("patch")) +
                      static_cast<int>(fields.has("subnet")) +
                      static_cast<int>(fields.has("addresses"));
    if (given != 1) {
      return fields.refusal(
          ": the step edit-conflist needs one of \"to\", \"patch\", \"subnet\" and \"addresses\"");
    }
    if (!act.m_subnet.empty()) {
      if (const auto range = IpRange::parse(act.m_subnet); !range) {
        return fields.refusal("/subnet: {}", range.error().message);
      }
    }
    return act;
  }

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    return story.check_config_directory();
  }

  Expected<void> plan(CellNeeds& needs) const override {
    if (const auto edited = edit(needs.conflist); !edited) {
      return edited.error().kind == ErrorKind::input
                 ? input_error("{}: {}", needs.place, edited.error().message)
                 : tl::unexpected(edited.error());
    }
    return {};
  }

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    auto& conflist = stage.conflist();
    TRY(edit(conflist));
    TRY(stage.write_conflist());
    TRY(stage.await_configuration(conflist.json()));
    result.effect.cni_version = cni_version_of(conflist.json());
    result.effect.traits = conflist_traits(conflist.json());
    result.effect.state["network"] = network_of(conflist.json());
    result.detail = *result.effect.cni_version;
    return {};
  }

  Expected<void> edit(ConflistFile& conflist) const {
    if (!m_patch.is_null()) {
      return conflist.patch(m_patch);
    }
    if (!m_subnet.empty()) {
      return conflist.set_subnet(m_subnet);
    }
    if (m_addresses > 0) {
      return conflist.limit_addresses(m_addresses);
    }
    conflist.set_version(m_to);
    return {};
  }

  std::string m_to;  // a value, "none" or "empty"
  Json m_patch;      // on the file as it is then: see ConflistFile::patch()
  std::string m_subnet;
  unsigned m_addresses = 0;
};

class Remove : public NodeAct {
 public:
  explicit Remove(const Fields& /*fields*/) {}

 private:
  Expected<void> change(Stage& stage, StepResult& result) const override {
    TRY_ASSIGN(const bool removed, stage.conflist().remove());
    result.detail = removed ? "" : "it was not there";
    result.effect.conflist_gone = true;
    return removed ? stage.await_configuration(Json()) : Expected<void>();
  }
};

// Put it back, as it was.
class Restore : public NodeAct {
 public:
  explicit Restore(const Fields& /*fields*/) {}

  Expected<void> follow(Story& story, const Step& /*step*/) const override {
    return story.check_config_directory();
  }

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
      {"edit-conflist",
       "edit-conflist",
       {},
       {"to", "patch", "subnet", "addresses"},
       read_act<Edit>},
      {"remove-conflist", "remove-conflist", {}, {}, read_act<Remove>},
      {"restore-conflist", "restore-conflist", {}, {}, read_act<Restore>},
  };
}

}  // namespace cni_matrix::scenario::steps
