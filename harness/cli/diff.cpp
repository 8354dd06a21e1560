#include <cni_matrix/cli/diff_command.hpp>

#include <string>

namespace cni_matrix::cli {

Expected<int> diff_command(const DiffArguments& arguments, std::FILE* out) {
  CNI_MATRIX_TRY_ASSIGN(const auto before, report::read_outcomes(arguments.before));
  CNI_MATRIX_TRY_ASSIGN(const auto after, report::read_outcomes(arguments.after));
  if (!arguments.json) {
    return show_baseline(before, after, arguments.unicode, out);
  }
  const auto difference = report::compare(before, after);
  const auto text =
      report::to_json(difference).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fputs(text.c_str(), out);
  return difference.exit_status();
}

int show_baseline(const report::Outcomes& baseline, const report::Outcomes& outcomes, bool unicode,
                  std::FILE* out) {
  const auto difference = report::compare(baseline, outcomes);
  std::fputs(report::describe(difference, unicode).c_str(), out);
  return difference.exit_status();
}

}  // namespace cni_matrix::cli
