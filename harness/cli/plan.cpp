#include "plan.hpp"

#include "common_options.hpp"

#include "artifacts/directory.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "run/cell_check.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace cni_matrix::cli {

namespace {

constexpr std::size_t k_flush_at = 64U << 10U;

// Lines are collected and written in large pieces; stdio's own buffer would be filled a line at a
// time.
class Lines {
 public:
  explicit Lines(std::FILE* out) : m_out(out) {}

  std::string& text() { return m_text; }

  // False when the output cannot be written.
  bool end_line() {
    m_text += '\n';
    return m_text.size() < k_flush_at || flush();
  }

  bool flush() {
    const bool good = std::fwrite(m_text.data(), 1, m_text.size(), m_out) == m_text.size() &&
                      std::fflush(m_out) == 0;
    m_text.clear();
    return good;
  }

 private:
  std::FILE* m_out;
  std::string m_text;
};

// Directories of the user's own, each looked at once.
class Directories {
 public:
  // Error kind: input.
  Expected<void> check(const matrix::Cell& cell, run::CellCheck& cells) {
    TRY_ASSIGN(const auto tokens, cells.tokens_of(cell));
    for (const auto& [component, text] : tokens) {
      if (m_seen.insert({component, text}).second) {
        TRY_ASSIGN(const auto token, artifacts::VersionToken::parse(text));
        TRY(artifacts::check_directories(component, token));
      }
    }
    return {};
  }

 private:
  std::set<std::pair<artifacts::Component, std::string>> m_seen;
};

}  // namespace

Expected<Ending> plan_command(const PlanArguments& arguments, std::FILE* out) {
  matrix::Matrix spec;
  if (!arguments.matrix.empty()) {
    TRY_ASSIGN(const auto file, matrix::find_matrix(arguments.matrix));
    TRY_ASSIGN(spec, matrix::load_matrix(file));
  }
  TRY_ASSIGN(spec, matrix::select(std::move(spec), arguments.selection));
  Lines lines(out);
  bool good = true;
  const auto& cells = arguments.selection.cells;
  run::CellCheck check;
  Directories directories;
  Expected<void> refused;
  const auto count = matrix::for_each_cell(spec, cells, [&](const matrix::Cell& cell) {
    const auto lack = check.lack_of(cell);
    if (!lack) {
      refused = tl::unexpected(lack.error());
      return false;
    }
    if (const auto there = directories.check(cell, check); !there) {
      refused = there;
      return false;
    }
    if (const auto warning = check.warning_of(cell); warning && !warning->empty()) {
      say(stderr, "cni-matrix: {}\n", printable(*warning));
    }
    if (arguments.json) {
      auto value = to_json(cell);
      if (!lack->empty()) {
        value["skip"] = *lack;
      }
      lines.text() += value.dump(-1, ' ', false, Json::error_handler_t::replace);
    } else {
      lines.text() += cell.id();
      lines.text() += "  ";
      lines.text() += cell.name();
      if (!lack->empty()) {
        lines.text() += "  skip: " + *lack;
      }
    }
    good = lines.end_line();
    return good;
  });
  TRY(refused);
  good = lines.flush() && good;
  if (!good) {
    if (errno == EPIPE) {
      // `plan | head`: the reader has what it wants.
      return Ending{ExitStatus::good, "the reader left before the end of the plan",
                    Ending::Line::on_error};
    }
    return system_error("the plan cannot be written");
  }
  if (count == 0) {
    return tl::unexpected(matrix::no_cells(spec));
  }
  return Ending{ExitStatus::good, fmt::format("{} {}", count, count == 1 ? "cell" : "cells"),
                arguments.json ? Ending::Line::on_error : Ending::Line::on_output};
}

void add_plan(Command& program) {
  auto command = program.command("plan", "print the cells and their ids; run nothing");
  const auto arguments = std::make_shared<PlanArguments>();
  command.examples(R"(  cni-matrix plan default
  cni-matrix plan --containerd 1.6.20,2.1.9 --plugins 1.1.1 --all-scenarios --json)");
  command.option("matrix", arguments->matrix, "a matrix file, or the name of a shipped one")
      .shown_as("MATRIX");
  add_selection(command, arguments->selection);
  command.flag("--json", arguments->json, "one JSON object a line");
  command.performs([arguments] { return plan_command(*arguments, stdout); });
}

}  // namespace cni_matrix::cli
