#include "report.hpp"

#include "base/line_printer.hpp"
#include "base/text.hpp"
#include "report/distinct_files.hpp"
#include "report/json.hpp"
#include "report/junit.hpp"
#include "report/saved_run.hpp"
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace cni_matrix::cli {

namespace {

Expected<std::unique_ptr<report::Reporter>> reporter_for(const ReportArguments& arguments,
                                                         const verdict::KnownBehaviours& known,
                                                         std::FILE* out) {
  if (arguments.format == "console") {
    if (arguments.output != "-") {
      return input_error(
          "--output is for the formats junit and json; the console format goes to "
          "standard output, which can be redirected");
    }
    auto options = arguments.console;
    options.replay = true;
    options.title_of = [&known](const std::string& id) {
      const auto* behaviour = known.find(id);
      return behaviour == nullptr ? std::string() : behaviour->title;
    };
    return report::make_console_reporter(out, std::move(options));
  }
  if (arguments.format == "junit") {
    return report::make_junit_reporter(arguments.output);
  }
  if (arguments.format == "json") {
    return report::make_json_reporter(arguments.output);
  }
  return input_error("there is no format '{}'; it is console, junit or json{}",
                     printable(arguments.format),
                     did_you_mean(arguments.format, {"console", "junit", "json"}));
}

}  // namespace

Expected<Ending> report_command(const ReportArguments& arguments, std::FILE* out, std::FILE* err) {
  CNI_MATRIX_TRY(
      report::check_distinct({{"the run", arguments.run}}, {{"--output", arguments.output}}));
  CNI_MATRIX_TRY_ASSIGN(const auto known, verdict::KnownBehaviours::load());
  CNI_MATRIX_TRY_ASSIGN(const auto reporter, reporter_for(arguments, known, out));
  CNI_MATRIX_TRY_ASSIGN(const auto run, report::replay(arguments.run, *reporter));
  if (!run.complete) {
    const auto note = fmt::format(
        "cni-matrix: {}: ends without a summary, since the run was killed; the cells that were "
        "complete are shown\n",
        printable(arguments.run.string()));
    std::fputs(note.c_str(), err);
  }
  auto ending = run.summary.ending();
  const bool data = arguments.format != "console" && arguments.output == "-";
  ending.line = data ? Ending::Line::on_error : Ending::Line::on_output;
  ending.coloured = arguments.console.colour.value_or(Terminal::of(data ? err : out).colour);
  return ending;
}

}  // namespace cni_matrix::cli
