#include "console.hpp"

#include "cell_groups.hpp"
#include "flaky.hpp"
#include "result_tables.hpp"
#include "style.hpp"
#include "text.hpp"

#include "base/line_printer.hpp"
#include "base/say.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace cni_matrix::report {

namespace {

using run::Verdict;

constexpr int k_plain_columns = 120;         // of a table that goes into a file or a CI log
constexpr std::size_t k_listed_cells = 12;   // of a group, unless verbose
constexpr std::size_t k_lines_at_once = 20;  // failures that are shown as they happen
constexpr std::chrono::milliseconds k_refresh{50};

// Whole seconds: an estimate that flickers in tenths says nothing.
std::string estimate_text(std::int64_t seconds) {
  return seconds < 60 ? fmt::format("{} s", seconds + 1) : duration_text(seconds * 1'000'000);
}

class ConsoleReporter : public run::Listener {
 public:
  ConsoleReporter(std::FILE* stream, ConsoleOptions options)
      : m_options(std::move(options)), m_stream(stream), m_printer(stream, m_options.heartbeat) {
    const auto& terminal = m_printer.terminal();
    m_style.colour = m_options.colour.value_or(terminal.colour);
    m_style.unicode = m_options.unicode.has_value() ? *m_options.unicode : utf8_locale();
    m_style.columns = terminal.live ? terminal.columns : k_plain_columns;
  }

  void run_started(const run::Provenance& provenance, std::size_t cells) override {
    m_cells = cells;
    m_jobs = provenance.jobs;
    m_started = m_options.now();
    if (m_options.verbosity == Verbosity::quiet) {
      return;
    }
    std::string line = "cni-matrix " + provenance.program_version;
    const auto add = [&](std::string_view label, const std::string& text) {
      if (!text.empty()) {
        line += fmt::format(", {}{}", label, text);
      }
    };
    add("kernel ", provenance.kernel);
    add("", provenance.architecture);
    add("", provenance.iptables);
    add("", provenance.runc);
    add("as ", provenance.privileges);
    add("loaded kernel modules ", fmt::format("{}", fmt::join(provenance.modules, " ")));
    add("", fmt::format("{}, {}", counted(cells, "cell"),
                        counted(static_cast<std::size_t>(std::max(provenance.jobs, 0)), "job")));
    add("begun ", provenance.started);
    put(shown(line, m_style.unicode));
    std::fflush(m_stream);
  }

  void cell_started(const matrix::Cell& cell) override {
    ++m_running[cell.name()];
    status(Refresh::if_due);
  }

  void cell_finished(const run::CellResult& result) override {
    if (const auto running = m_running.find(result.cell.name()); running != m_running.end()) {
      if (--running->second == 0) {
        m_running.erase(running);
      }
    }
    ++m_done;
    m_tables.add(result);
    note_label(result.containerd);
    note_label(result.plugins);
    note_binaries(result.containerd);
    note_binaries(result.plugins);
    m_flaky.add(result);
    if (!result.modelled_because.empty()) {
      ++m_modelled[result.modelled_because];
    }
    if (!result.assumed.empty()) {
      ++m_assumed[result.assumed];
    }
    if (result.verdict != Verdict::pass) {
      m_groups.add(result);
    }
    const bool bad = result.verdict == Verdict::fail || result.verdict == Verdict::leak ||
                     result.verdict == Verdict::broken;
    m_bad += bad ? 1 : 0;
    if (m_options.cells_as_they_end) {
      show_cell(result, bad);
    }
    status(Refresh::if_due);
  }

  void node_kept(const matrix::Cell& cell, int pid) override {
    notice(fmt::format("kept: {} (cni-matrix shell {}; Ctrl-C here ends it)", cell.name(), pid));
  }

  void tick() override { status(Refresh::now); }

  void notice(std::string_view text) override {
    if (m_options.notices == nullptr) {
      put(shown(text, m_style.unicode));
      std::fflush(m_stream);
    } else {
      m_printer.finish();
      say(m_options.notices, "{}\n", shown(text, m_style.unicode));
      std::fflush(m_options.notices);
    }
    status(Refresh::now);
  }

  Expected<void> run_finished(const run::RunSummary& summary) override {
    m_printer.finish();
    if (m_printer.terminal().live) {
      m_style.columns = Terminal::columns_of(m_stream);
    }
    const auto most =
        m_options.verbosity == Verbosity::verbose ? std::string::npos : k_listed_cells;
    const auto section = [&](std::string_view title, const std::vector<std::string>& lines) {
      if (lines.empty()) {
        return;
      }
      put("");
      if (!title.empty()) {
        put(m_style.bold(title));
      }
      for (const auto& line : lines) {
        put(line);
      }
    };
    const auto groups = [&](const std::vector<Verdict>& verdicts) {
      return m_groups.lines(verdicts, m_style, m_options.title_of, most);
    };
    if (m_options.verbosity != Verbosity::quiet) {
      section("", m_tables.lines(m_style));
      if (m_options.verbosity == Verbosity::verbose) {
        section("What was run", {m_binaries.begin(), m_binaries.end()});
      }
      section("As labelled", {m_labelled.begin(), m_labelled.end()});
      section("Known behaviours", groups({Verdict::known}));
      section("Skipped", groups({Verdict::skip}));
      section("Interrupted", groups({Verdict::interrupted}));
      section("Modelled, since the real containerd cannot be had", reason_lines(m_modelled));
      section("Assumed", reason_lines(m_assumed));
    }
    section("Failures", groups({Verdict::broken, Verdict::fail, Verdict::leak}));
    section("Flaky cells", flaky_lines());
    section("Statements of this matrix", statement_lines(summary.statements));
    if (!summary.modules.empty()) {
      put("");
      put(shown(fmt::format("the kernel loaded modules for this run, and they stay: {}",
                            fmt::join(summary.modules, ", ")),
                m_style.unicode));
    }
    if (m_options.verbosity != Verbosity::quiet) {
      put("");
    }
    put(m_style.bold(summary_line(summary)));
    if (std::fflush(m_stream) != 0 || std::ferror(m_stream) != 0) {
      return broken("the console report could not be written to its end");
    }
    return {};
  }

 private:
  enum class Refresh { if_due, now };

  void put(std::string_view line) { m_printer.line(line); }

  // A version that stands on the user's word alone.
  void note_label(const std::optional<artifacts::Artifact>& artifact) {
    if (artifact && artifact->as_labelled) {
      m_labelled.insert(
          "  " + shown(fmt::format("{} {}: taken for {}, and {}", name_of(artifact->component),
                                   artifact->token, artifact->version.str(),
                                   artifact->told_version.empty()
                                       ? "it does not tell its version"
                                       : "it says that it is " + artifact->told_version),
                       m_style.unicode));
    }
  }

  // Which file the binaries are of, and its digest; of a directory, those of what a person would
  // check there first. All of them are in the JSON report.
  void note_binaries(const std::optional<artifacts::Artifact>& artifact) {
    if (!artifact || artifact->source.empty()) {
      return;
    }
    // What lies over others need not tell its version.
    const auto version = artifact->version == Version() ? artifact->token : artifact->version.str();
    std::string text =
        fmt::format("{} {}: {}", name_of(artifact->component), version, artifact->source);
    if (!artifact->sha256.empty()) {
      text += fmt::format(", SHA-256 {}", artifact->sha256);
    } else {
      for (const auto* name : {"containerd", "bridge"}) {
        if (const auto found = artifact->binaries.find(name); found != artifact->binaries.end()) {
          text += fmt::format(", SHA-256 {} of {}", found->second, name);
        }
      }
    }
    m_binaries.insert("  " + shown(text, m_style.unicode));
    for (const auto& overlay : artifact->overlays) {
      note_binaries(overlay);
    }
  }

  // One line as a cell ends: every cell with --verbose, else the bad ones until they are too many.
  void show_cell(const run::CellResult& result, bool bad) {
    const bool verbose = m_options.verbosity == Verbosity::verbose;
    if (!verbose && (!bad || m_bad > k_lines_at_once)) {
      return;
    }
    std::string text = fmt::format("{} {:<7} {}", m_style.symbol(result.verdict),
                                   name_of(result.verdict), result.cell.name());
    text = m_style.painted(result.verdict, shown(text, m_style.unicode));
    std::string more = result.reason;
    if (more.empty()) {
      more = fmt::format("{}", fmt::join(result.known, " "));
    }
    for (const auto& step : result.steps) {
      if (more.empty() && !step.ok) {
        more = fmt::format("{}: {}", step_name(step), step.error);
      }
    }
    if (more.empty() && bad) {
      more = leftover_counts(result.leftover);
    }
    if (!more.empty()) {
      text += "  " + shown(more, m_style.unicode);
    }
    if (verbose && !result.modelled_because.empty()) {
      text += "  modelled: " + shown(result.modelled_because, m_style.unicode);
    }
    if (verbose && !result.assumed.empty()) {
      text += "  " + shown(result.assumed, m_style.unicode);
    }
    if (verbose) {
      text += m_style.dim(fmt::format("  {}", duration_text(result.wall_us)));
    }
    put(text);
    if (bad && m_bad == k_lines_at_once && !verbose) {
      put("  further failures are shown at the end");
    }
    std::fflush(m_stream);
  }

  void status(Refresh refresh) {
    if (m_options.replay || m_options.verbosity == Verbosity::quiet) {
      return;
    }
    const auto now = m_options.now();
    if (refresh == Refresh::if_due && now - m_last_status < k_refresh) {
      return;
    }
    m_last_status = now;
    std::string text = fmt::format("{}/{} cells", m_done, m_cells);
    if (m_bad > 0) {
      text += ", " + m_style.painted(Verdict::fail, fmt::format("{} failed", m_bad));
    }
    if (!m_running.empty()) {
      std::size_t running = 0;
      for (const auto& [name, count] : m_running) {
        running += count;
      }
      // The kernel may still be clearing away the nodes of others, whose steps are done.
      const auto jobs = m_jobs > 0 ? static_cast<std::size_t>(m_jobs) : running;
      text += fmt::format(", {} running", std::min(running, jobs));
    }
    if (m_done > 0 && m_cells > m_done) {
      const auto elapsed =
          std::chrono::duration_cast<std::chrono::microseconds>(now - m_started).count();
      const auto left = static_cast<double>(elapsed) / static_cast<double>(m_done) *
                        static_cast<double>(m_cells - m_done);
      text += fmt::format(", about {} left", estimate_text(static_cast<std::int64_t>(left / 1e6)));
    }
    if (!m_running.empty() && m_printer.terminal().live) {
      text += ": " + shown(m_running.begin()->first, m_style.unicode);
    }
    m_printer.status(text);
  }

  // Each reason once, with how many cells it is of.
  [[nodiscard]] std::vector<std::string> reason_lines(
      const std::map<std::string, std::size_t>& reasons) const {
    std::vector<std::string> lines;
    lines.reserve(reasons.size());
    for (const auto& [reason, count] : reasons) {
      lines.push_back(
          fmt::format("  {}: {}", counted(count, "cell"), shown(reason, m_style.unicode)));
    }
    return lines;
  }

  [[nodiscard]] std::vector<std::string> statement_lines(
      const std::vector<verdict::StatementResult>& statements) const {
    std::vector<std::string> lines;
    for (const auto& result : statements) {
      lines.push_back(fmt::format("  {:4} {}: {}", shown(result.id, m_style.unicode),
                                  verdict::name_of(result.truth),
                                  shown(result.says, m_style.unicode)));
      lines.push_back("       " + shown(result.evidence, m_style.unicode));
    }
    return lines;
  }

  std::vector<std::string> flaky_lines() const {
    std::vector<std::string> lines;
    for (const auto& cell : m_flaky.flaky()) {
      lines.push_back(fmt::format("~ {}  {}", shown(cell.name, m_style.unicode),
                                  m_style.dim("(--cell " + cell.id + ")")));
      for (const auto& seen : cell.seen) {
        std::string text(name_of(seen.outcome.verdict));
        for (const auto& step : seen.outcome.steps) {
          if (!step.ends_with(": ok")) {
            text += "; " + step;
          }
        }
        if (!seen.outcome.leftover.empty()) {
          text += "; left " + seen.outcome.leftover;
        }
        lines.push_back(fmt::format("  {:>4} times {}", seen.times, shown(text, m_style.unicode)));
      }
    }
    return lines;
  }

  // "36 cells: 27 pass, 9 known, in 12 s, 2.9 cells/s, 91 % of the CPU in the real binaries"
  static std::string summary_line(const run::RunSummary& summary) {
    std::string text;
    std::size_t executed = 0;
    std::size_t seen = 0;
    for (const auto& [verdict, count] : summary.verdicts) {
      if (count > 0) {
        text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", count, name_of(verdict));
      }
      seen += count;
      executed += verdict == Verdict::skip || verdict == Verdict::interrupted ? 0 : count;
    }
    if (summary.cells > seen) {
      text += fmt::format("{}{} not run", text.empty() ? ": " : ", ", summary.cells - seen);
    }
    if (summary.modelled > 0) {
      text += fmt::format(", {} of them modelled", summary.modelled);
    }
    text = counted(summary.cells, "cell") + text + " in " + duration_text(summary.wall_us);
    if (summary.wall_us > 0 && executed > 0) {
      text += fmt::format(", {:.1f} cells/s", static_cast<double>(executed) * 1e6 /
                                                  static_cast<double>(summary.wall_us));
    }
    // The CPU of a node that is kept is not known.
    if (const auto real = summary.cpu.total_us - summary.cpu.harness_us; real > 0) {
      text +=
          fmt::format(", {} % of the CPU in the real binaries", 100 * real / summary.cpu.total_us);
    }
    return text;
  }

  ConsoleOptions m_options;
  std::FILE* m_stream;
  LinePrinter m_printer;
  Style m_style;
  ResultTables m_tables;
  CellGroups m_groups;
  FlakyDetector m_flaky;
  std::set<std::string> m_binaries;              // lines on the files that were run
  std::set<std::string> m_labelled;              // lines on versions that nothing but a label tells
  std::map<std::string, std::size_t> m_running;  // cells by name; several with --repeat
  std::map<std::string, std::size_t> m_modelled;  // cells by why they are
  std::map<std::string, std::size_t> m_assumed;   // cells by what was assumed
  std::size_t m_cells = 0;
  int m_jobs = 0;  // nodes at once, where it is known
  std::size_t m_done = 0;
  std::size_t m_bad = 0;
  std::chrono::steady_clock::time_point m_started;
  std::chrono::steady_clock::time_point m_last_status;
};

}  // namespace

std::unique_ptr<run::Listener> make_console_reporter(std::FILE* stream, ConsoleOptions options) {
  return std::make_unique<ConsoleReporter>(stream, std::move(options));
}

}  // namespace cni_matrix::report
