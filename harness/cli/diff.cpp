#include "diff.hpp"

#include "command_line.hpp"

#include "base/try.hpp"
#include "report/distinct_files.hpp"

#include <memory>
#include <string>

namespace cni_matrix::cli {

Expected<Ending> diff_command(const DiffArguments& arguments, std::FILE* out) {
  TRY(report::check_distinct({{"the old run", arguments.before}, {"the new run", arguments.after}},
                             {{"standard output", "-"}}));
  TRY_ASSIGN(const auto before, report::read_outcomes(arguments.before, arguments.by));
  TRY_ASSIGN(const auto after, report::read_outcomes(arguments.after, arguments.by));
  const auto difference = report::compare(before, after);
  const auto text =
      arguments.json
          ? report::to_json(difference).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
          : report::describe(difference, arguments.unicode);
  std::fputs(text.c_str(), out);
  auto ending = difference.ending();
  ending.line = Ending::Line::on_error;
  return ending;
}

void add_diff(Command& program) {
  auto command = program.command("diff", "the cells whose verdict differs in two runs");
  const auto arguments = std::make_shared<DiffArguments>();
  command.examples(R"(  cni-matrix diff old.json new.json)");
  command.option("old", arguments->before, "a saved run").required();
  command.option("new", arguments->after, "a saved run").required();
  command
      .option("--by", arguments->by,
              fmt::format("what makes a cell the same in both, where builds are compared: {}",
                          fmt::join(report::identity_columns(), ", ")))
      .list();
  command.flag("--json", arguments->json, "as JSON");
  command.performs([arguments] { return diff_command(*arguments, stdout); });
}

}  // namespace cni_matrix::cli
