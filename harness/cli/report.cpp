#include "report.hpp"

#include "common_options.hpp"

#include "base/line_printer.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "report/distinct_files.hpp"
#include "report/formats.hpp"
#include "report/saved_run.hpp"
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace cni_matrix::cli {

namespace {

// "console, junit or json"
std::string known_formats() {
  const auto names = report::format_names();
  return fmt::format("{} or {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

// "junit and json"
std::string formats_of_files() {
  const auto names = report::format_names();
  return fmt::format("{} and {}", fmt::join(names.begin() + 1, names.end() - 1, ", "),
                     names.back());
}

Expected<std::unique_ptr<run::Listener>> reporter_for(const ReportArguments& arguments,
                                                      const verdict::KnownBehaviours& known,
                                                      std::FILE* out) {
  if (arguments.format == "console") {
    if (arguments.output != "-") {
      return input_error(
          "--output is for the formats {}; the console format goes to "
          "standard output, which can be redirected",
          formats_of_files());
    }
    auto options = arguments.console;
    options.replay = true;
    options.title_of = [&known](const std::string& id) {
      const auto* behaviour = known.find(id);
      return behaviour == nullptr ? std::string() : behaviour->title;
    };
    return report::make_console_reporter(out, std::move(options));
  }
  if (const auto* format = report::find_format(arguments.format); format != nullptr) {
    return format->make(arguments.output);
  }
  return input_error("there is no format '{}'; it is {}{}", printable(arguments.format),
                     known_formats(), did_you_mean(arguments.format, report::format_names()));
}

}  // namespace

Expected<Ending> report_command(const ReportArguments& arguments, std::FILE* out, std::FILE* err) {
  TRY(report::check_distinct({{"the run", arguments.run}}, {{"--output", arguments.output}}));
  TRY_ASSIGN(const auto known, load_knowledge(arguments.knowledge));
  TRY_ASSIGN(const auto reporter, reporter_for(arguments, known, out));
  TRY_ASSIGN(const auto run, report::replay(arguments.run, *reporter));
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

void add_report(Command& program) {
  auto command = program.command("report", "show a saved run again");
  const auto arguments = std::make_shared<ReportArguments>();
  command.examples(R"(  cni-matrix report run.json
  cni-matrix report run.json --format junit --output junit.xml)");
  command.option("run", arguments->run, "what `run --json` wrote").required();
  command.option("--format", arguments->format, known_formats());
  command.option("--output,-o", arguments->output, "file; - for standard output");
  add_knowledge(command, arguments->knowledge);
  add_console(command, arguments->console);
  command.performs([arguments] { return report_command(*arguments, stdout, stderr); });
}

}  // namespace cni_matrix::cli
