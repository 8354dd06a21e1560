#include "equipment/programs.hpp"

#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../stage.hpp"
#include "families.hpp"

#include "base/text.hpp"
#include "base/try.hpp"

#include <fmt/format.h>

// daemon, command: programs of the node beside the runtime and the plugins.
namespace cni_matrix::scenario::steps {

namespace {

// Something is done to a daemon of the node's description.
class Daemon : public Act {
 public:
  static Expected<Daemon> read(const Fields& fields) {
    Daemon act;
    act.m_name = fields.text("daemon");
    TRY_ASSIGN(act.m_do, fields.one_of("do", {"await", "kill", "restart", "start", "stop"}));
    return act;
  }

  Expected<void> plan(CellNeeds& needs) const override {
    if (needs.node != nullptr && needs.node->find_daemon(m_name) != nullptr) {
      return {};
    }
    return input_error("{}: the node has no daemon \"{}\"{}", needs.place, m_name,
                       suggestion(m_name, needs.node == nullptr ? std::vector<std::string>()
                                                                : needs.node->daemon_names()));
  }

  // A plugin may be in the middle of a call that the daemon answers.
  [[nodiscard]] bool ends_processes() const override {
    return m_do == "kill" || m_do == "restart" || m_do == "stop";
  }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) -> Expected<void> {
      result.detail = fmt::format("{} {}", m_do, m_name);
      const auto done = act_on(stage.daemons());
      if (!done && done.error().kind != ErrorKind::input) {
        return done;
      }
      result.ok = done.has_value();
      result.error = done ? "" : done.error().message;
      return {};
    });
  }

 private:
  [[nodiscard]] Expected<void> act_on(equipment::Daemons& daemons) const {
    if (m_do == "await") {
      return daemons.await(m_name);
    }
    if (m_do == "kill") {
      return daemons.kill(m_name);
    }
    if (m_do != "start") {
      TRY(daemons.stop(m_name));
    }
    return m_do == "stop" ? Expected<void>() : daemons.start(m_name);
  }

  std::string m_name;
  std::string m_do;
};

// A program of the node is run to its end.
class Command : public Act {
 public:
  static Expected<Command> read(const Fields& fields) {
    Command act;
    TRY_ASSIGN(act.m_command, equipment::command_from_json(fields.all(), fields.place()));
    return act;
  }

  Expected<void> plan(CellNeeds& needs) const override {
    needs.programs.push_back(m_command.program);
    return {};
  }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) -> Expected<void> {
      result.detail = excerpt(fmt::format("{}", fmt::join(m_command.program.argv, " ")), 100);
      TRY_ASSIGN(const auto end, equipment::run_command(m_command));
      result.ok = end.problem.empty();
      result.error = end.problem;
      return {};
    });
  }

  // Its time is its own.
  [[nodiscard]] bool is_one_call() const override { return false; }

 private:
  equipment::Command m_command;
};

}  // namespace

std::vector<StepKind> programs() {
  return {
      {"daemon", "daemon", {"daemon", "do"}, {}, read_act<Daemon>},
      {"command",
       "command",
       {"argv"},
       {"environment", "where", "package", "exit", "output", "withinMs"},
       read_act<Command>},
  };
}

}  // namespace cni_matrix::scenario::steps
