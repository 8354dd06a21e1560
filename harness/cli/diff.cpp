#include "diff.hpp"

#include "report/distinct_files.hpp"

#include <string>

namespace cni_matrix::cli {

Expected<Ending> diff_command(const DiffArguments& arguments, std::FILE* out) {
  CNI_MATRIX_TRY(
      report::check_distinct({{"the old run", arguments.before}, {"the new run", arguments.after}},
                             {{"standard output", "-"}}));
  CNI_MATRIX_TRY_ASSIGN(const auto before, report::read_outcomes(arguments.before, arguments.by));
  CNI_MATRIX_TRY_ASSIGN(const auto after, report::read_outcomes(arguments.after, arguments.by));
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

}  // namespace cni_matrix::cli
