#include "junit.hpp"

#include "output_file.hpp"
#include "text.hpp"
#include "xml_writer.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "verdict/leaks.hpp"
#include "verdict/residue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace cni_matrix::report {

namespace {

using run::Verdict;

std::string seconds_text(std::int64_t microseconds) {
  return fmt::format("{:.3f}", static_cast<double>(microseconds) / 1e6);
}

// Steps, leftovers and the known behaviour: what a person looks for under a test.
std::string account(const run::CellResult& result) {
  std::string text;
  for (const auto& step : result.steps) {
    text += step.ok ? fmt::format("{}: ok\n", step_name(step))
                    : fmt::format("{}: {}{}{}\n", step_name(step), step.code,
                                  step.code.empty() ? "" : ": ", step.error);
  }
  if (const auto cause = load_error_of(result); !cause.empty()) {
    text += fmt::format("cause: {}\n", cause);
  }
  for (const auto& leak : verdict::describe(verdict::split_residue(result.leftover).leaked)) {
    text += fmt::format("left behind: {}: {} ({}); to remove: {}\n", node::name_of(leak.leak),
                        leak.entry, leak.owner, leak.clean_up);
  }
  if (!result.known.empty()) {
    text += fmt::format("known behaviour: {}\n", fmt::join(result.known, " "));
  }
  if (!result.remedy.empty()) {
    text += fmt::format("remedy: {}\n", result.remedy);
  }
  if (!result.log.empty()) {
    text += "log:\n" + result.log + "\n";
  }
  return text;
}

// What is said of a cell on one line.
std::string message_of(const run::CellResult& result) {
  if (!result.reason.empty()) {
    return result.reason;
  }
  for (const auto& step : result.steps) {
    if (!step.ok) {
      return fmt::format("{}: {}", step_name(step), step.error);
    }
  }
  const auto left = leftover_counts(result.leftover);
  return left.empty() ? std::string(name_of(result.verdict)) : "left behind: " + left;
}

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  std::int64_t wall_us = 0;

  void add(Verdict verdict, std::int64_t microseconds) {
    ++tests;
    failures += verdict == Verdict::fail || verdict == Verdict::leak ? 1 : 0;
    errors += verdict == Verdict::broken || verdict == Verdict::interrupted ? 1 : 0;
    skipped += verdict == Verdict::skip ? 1 : 0;
    wall_us += microseconds;
  }
  [[nodiscard]] XmlWriter::Attributes attributes(std::string name) const {
    return {{"name", std::move(name)},
            {"tests", std::to_string(tests)},
            {"failures", std::to_string(failures)},
            {"errors", std::to_string(errors)},
            {"skipped", std::to_string(skipped)}};
  }
};

// The suite's counts stand before its cases, so the cases wait in a nameless temporary file.
class Suite {
 public:
  Suite() : m_file(std::tmpfile(), &std::fclose) {
    if (!m_file) {
      m_error = errno;
    } else {
      ::fcntl(fd(), F_SETFD, FD_CLOEXEC);
    }
  }
  void add(const std::string& text) {
    if (m_error == 0) {
      m_error = write_all(fd(), text);
    }
  }
  // Error kind: broken.
  Expected<void> copy_to(OutputFile& output) {
    std::string buffer(1U << 16U, '\0');
    for (off_t offset = 0; m_error == 0;) {
      const auto got = ::pread(fd(), buffer.data(), buffer.size(), offset);
      if (got < 0) {
        m_error = errno;
      } else if (got == 0) {
        return {};
      } else {
        output.write(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
        offset += got;
      }
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    return broken("temporary file of the JUnit report: {}", std::strerror(m_error));
  }
  Counts counts;

 private:
  [[nodiscard]] int fd() const { return ::fileno(m_file.get()); }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> m_file;
  int m_error = 0;
};

// A dot parts packages from classes, so none may stand in a version.
std::string class_of(const matrix::Cell& cell) {
  auto label = cell.conflist.label();
  auto scenario = cell.scenario;
  std::replace(label.begin(), label.end(), '.', '_');
  std::replace(scenario.begin(), scenario.end(), '.', '_');
  return scenario + "." + label;
}

// With what the cell was run, a line each.
std::string identity(const run::CellResult& result) {
  std::string text;
  const auto add = [&text](const char* name, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format("{}: {}\n", name, value);
    }
  };
  add("cell", result.cell.id());
  add("runtime", result.runtime == "embedded" ? "embedded (modelled)" : result.runtime);
  add("modelled because", result.modelled_because);
  add("assumed", result.assumed);
  add("containerd", result.containerd_version + label_note(result.containerd));
  add("plugins", result.plugins_version + label_note(result.plugins));
  return text;
}

class JunitReporter : public run::Listener {
 public:
  explicit JunitReporter(OutputFile output) : m_output(std::move(output)) {}

  void run_started(const run::Provenance& provenance, std::size_t /*cells*/) override {
    m_output.begin();
    m_provenance = provenance;
  }

  void cell_finished(const run::CellResult& result) override {
    m_suite.counts.add(result.verdict, result.wall_us);
    auto xml = open_case(result.cell, std::string(name_of(result.verdict)), result.wall_us);
    write_outcome(xml, result);
    xml.close();
    m_suite.add(xml.take());
  }

  void cell_not_run(const matrix::Cell& cell) override {
    m_suite.counts.add(Verdict::skip, 0);
    auto xml = open_case(cell, "not run", 0);
    xml.text_element("skipped", {}, "not run: the run ended before it");
    xml.close();
    m_suite.add(xml.take());
  }

  Expected<void> run_finished(const run::RunSummary& summary) override {
    XmlWriter xml;
    m_output.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    const auto& counts = m_suite.counts;
    xml.open("testsuites", {{"name", "cni-matrix"},
                            {"tests", std::to_string(counts.tests)},
                            {"failures", std::to_string(counts.failures)},
                            {"errors", std::to_string(counts.errors)},
                            {"time", seconds_text(summary.wall_us)}});
    auto attributes =
        counts.attributes(m_provenance.matrix.empty() ? "cni-matrix" : m_provenance.matrix);
    attributes.emplace_back("time", seconds_text(counts.wall_us));
    attributes.emplace_back("timestamp", m_provenance.started);
    xml.open("testsuite", attributes);
    write_provenance(xml);
    m_output.write(xml.take());
    auto copied = m_suite.copy_to(m_output);
    xml.close();
    xml.close();
    m_output.write(xml.take());
    TRY(std::move(copied));
    return m_output.finish();
  }

 private:
  static void write_property(XmlWriter& xml, std::string_view name, const std::string& value) {
    if (!value.empty()) {
      xml.empty("property", {{"name", std::string(name)}, {"value", value}});
    }
  }

  void write_provenance(XmlWriter& xml) const {
    xml.open("properties", {});
    write_property(xml, "cni-matrix", m_provenance.program_version);
    write_property(xml, "kernel", m_provenance.kernel);
    write_property(xml, "architecture", m_provenance.architecture);
    write_property(xml, "iptables", m_provenance.iptables);
    write_property(xml, "runc", m_provenance.runc);
    write_property(xml, "privileges", m_provenance.privileges);
    write_property(xml, "modules", fmt::format("{}", fmt::join(m_provenance.modules, " ")));
    xml.close();
  }

  // The second and later runs of a cell (--repeat) have names of their own.
  XmlWriter open_case(const matrix::Cell& cell, std::string status, std::int64_t wall_us) {
    constexpr int k_depth = 2;  // testsuites, testsuite
    XmlWriter xml(k_depth);
    auto name = cell.name();
    if (const int run = ++m_runs[name]; run > 1) {
      name += fmt::format(" (run {})", run);
    }
    xml.open("testcase", {{"classname", class_of(cell)},
                          {"name", std::move(name)},
                          {"time", seconds_text(wall_us)},
                          {"status", std::move(status)}});
    return xml;
  }

  static void write_outcome(XmlWriter& xml, const run::CellResult& result) {
    const XmlWriter::Attributes said = {{"message", message_of(result)},
                                        {"type", std::string(name_of(result.verdict))}};
    auto out = identity(result);
    switch (result.verdict) {
      case Verdict::pass:
        break;
      case Verdict::known:
        out += account(result);
        break;
      case Verdict::fail:
      case Verdict::leak:
        xml.text_element("failure", said, account(result));
        break;
      case Verdict::skip:
        xml.text_element("skipped", {}, message_of(result));
        break;
      case Verdict::broken:
      case Verdict::interrupted:
        xml.text_element("error", said, account(result));
        break;
    }
    xml.text_element("system-out", {}, out);
  }

  OutputFile m_output;
  run::Provenance m_provenance;
  Suite m_suite;
  std::map<std::string, int> m_runs;  // of a cell, by its name
};

}  // namespace

Expected<std::unique_ptr<run::Listener>> make_junit_reporter(const std::filesystem::path& file) {
  TRY_ASSIGN(auto output, OutputFile::open(file));
  return std::make_unique<JunitReporter>(std::move(output));
}

}  // namespace cni_matrix::report
