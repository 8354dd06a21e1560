#include "shell.hpp"

#include "command_line.hpp"

#include "base/try.hpp"
#include "node/node.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cni_matrix::cli {

void add_shell(Command& program) {
  auto command = program.command("shell", "a shell inside a node that `run --keep` keeps");
  struct Arguments {
    int pid = 0;
    std::vector<std::string> program = {"/bin/sh"};
  };
  const auto arguments = std::make_shared<Arguments>();
  command.examples(
      R"(  cni-matrix run default --cell 80dac9 --keep     (prints a number, here 4711)
  cni-matrix shell 4711
  cni-matrix shell 4711 iptables-save)");
  command.option("pid", arguments->pid, "the number that `run --keep` printed").required();
  command.option("command", arguments->program, "instead of a shell");
  command.performs([arguments]() -> Expected<Ending> {
    TRY_ASSIGN(const auto status, node::enter(arguments->pid, arguments->program));
    return Ending{static_cast<ExitStatus>(status), "the status of what was run in the node",
                  Ending::Line::on_error};
  });
}

}  // namespace cni_matrix::cli
