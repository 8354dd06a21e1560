#include "sample.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/fd.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include <pty.h>
#include <termios.h>

namespace cni_matrix::report::testing {

run::Provenance sample_provenance() {
  run::Provenance provenance;
  provenance.program_version = "0.1.0";
  provenance.matrix = "default";
  provenance.started = "2026-11-23T22:00:00Z";
  provenance.kernel = "6.1.0-18-amd64";
  provenance.architecture = "amd64";
  provenance.iptables = "iptables v1.8.9 (nf_tables)";
  provenance.runc = "runc version 1.1.5+ds1";
  provenance.privileges = "root";
  provenance.jobs = 4;
  provenance.command_line = "cni-matrix run matrix/default.json";
  return provenance;
}

run::CellResult passed(const std::string& containerd, const std::string& version,
                       const std::string& plugins, const std::string& plugins_version,
                       const std::string& cni_version) {
  run::CellResult result;
  result.cell.containerd = containerd;
  result.cell.plugins = plugins;
  result.cell.conflist.name = "bridge-portmap";
  result.cell.conflist.file = "/usr/share/cni-matrix/scenarios/conflists/bridge-portmap.conflist";
  if (!cni_version.empty()) {
    result.cell.conflist.cni_version = cni_version;
  }
  result.cell.scenario = "lifecycle";
  result.runtime = "daemon";
  result.containerd_version = version;
  result.plugins_version = plugins_version;
  result.verdict = run::Verdict::pass;
  result.steps = {{"RunPodSandbox", "", true, "", "", 141'000},
                  {"StopPodSandbox", "", true, "", "", 186'000},
                  {"RemovePodSandbox", "", true, "", "", 47'000}};
  result.wall_us = 400'000;
  result.cpu = {300'000, 30'000};
  return result;
}

run::CellResult passed() {
  return passed("1.6.20", "1.6.20", "1.1.1", "1.1.1", "1.0.0");
}

run::CellResult modelled(const std::string& version) {
  auto result = passed(version, version, "1.1.1", "1.1.1", "1.0.0");
  result.runtime = "embedded";
  result.modelled_because = "mirror.example cannot be reached";
  return result;
}

run::CellResult built(const std::string& plugins, run::Verdict verdict) {
  auto result = passed("debian:bookworm", "1.6.20", plugins, "1.4.0", "1.0.0");
  result.verdict = verdict;
  return result;
}

std::vector<run::CellResult> sample_results() {
  std::vector<run::CellResult> results;
  for (const std::string cni_version : {"none", "0.4.0", "1.0.0"}) {
    for (const std::string plugins : {"0.9.0", "1.1.1"}) {
      results.push_back(passed("debian:bookworm", "1.6.20", plugins, plugins, cni_version));
      auto old = passed("1.6.2", "1.6.2", plugins, plugins, cni_version);
      old.runtime = "embedded";
      if (cni_version == "none") {
        old.verdict = run::Verdict::known;
        old.known = {"F02"};
        old.remedy = "Declare a cniVersion in the conflist and stop the pod again.";
        const std::string id(64, plugins == "0.9.0" ? 'a' : 'b');
        const auto destroy = "failed to destroy network for sandbox \"" + id +
                             "\": invalid version \"\": the version is empty";
        old.steps[1] = {"StopPodSandbox", "", false, "Unknown", destroy, 3000};
        old.steps[2] = {"RemovePodSandbox",
                        "",
                        false,
                        "Unknown",
                        "failed to forcibly stop sandbox \"" + id + "\": " + destroy,
                        3000};
        old.leftover.of(node::LeakClass::netns) = {
            "/var/run/netns/cni-6f1c2a0e-1111-2222-3333-444455556666"};
        old.leftover.of(node::LeakClass::lease) = {
            "/var/lib/cni/networks/containerd-net/10.88.0.2",
            "/var/lib/cni/networks/containerd-net/2001:4860:4860::2"};
      }
      results.push_back(old);
    }
  }
  // 1.10.1 sorts behind 1.6.2, and the Debian suites behind both.
  auto leak = passed("1.10.1", "1.10.1", "1.1.1", "1.1.1", "1.0.0");
  leak.verdict = run::Verdict::leak;
  leak.reason = "1 nat-rule was left behind";
  leak.leftover.of(node::LeakClass::nat_rule) = {"ip -A POSTROUTING -s 10.88.0.2/32 -j CNI-1234"};
  results.push_back(leak);

  auto failed = passed("1.10.1", "1.10.1", "0.9.0", "0.9.0", "1.0.0");
  failed.verdict = run::Verdict::fail;
  failed.reason = "RunPodSandbox was expected to succeed";
  failed.steps = {{"RunPodSandbox", "", false, "Unknown",
                   "plugin type=\"bridge\" failed (add): incompatible CNI versions", 1000}};
  results.push_back(failed);

  for (const std::string plugins : {"0.9.0", "1.1.1"}) {
    auto skipped = passed("1.9.9", "", plugins, plugins, "1.0.0");
    skipped.verdict = run::Verdict::skip;
    skipped.runtime.clear();
    skipped.steps.clear();
    skipped.cpu = {};
    skipped.reason = "containerd 1.9.9 cannot be had: no provider has it";
    results.push_back(skipped);
  }

  auto broken = passed("1.6.2", "1.6.2", "1.1.1", "1.1.1", "1.0.0");
  broken.cell.scenario = "version-edit";
  broken.cell.parameters = {{"to", "1.0.0"}};
  broken.verdict = run::Verdict::broken;
  broken.reason = "containerd did not answer within 20 s";
  broken.log = "starting\nfailed to load plugin\n";
  broken.steps.clear();
  results.push_back(broken);
  return results;
}

run::RunSummary summary_of(const std::vector<run::CellResult>& results) {
  run::RunSummary summary;
  summary.cells = results.size();
  summary.wall_us = 4'000'000;
  for (const auto& result : results) {
    summary.add(result);
  }
  return summary;
}

Expected<void> tell(run::Listener& reporter, const std::vector<run::CellResult>& results) {
  reporter.run_started(sample_provenance(), results.size());
  for (const auto& result : results) {
    reporter.cell_started(result.cell);
    reporter.cell_finished(result);
  }
  return reporter.run_finished(summary_of(results));
}

std::string text_of(const std::function<void(std::FILE*)>& write) {
  char* buffer = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&buffer, &size);
  write(stream);
  std::fclose(stream);
  std::string text(buffer, size);
  std::free(buffer);  // NOLINT(cppcoreguidelines-no-malloc)
  return text;
}

std::string terminal_text_of(const std::function<void(std::FILE*)>& write) {
  termios settings{};
  ::cfmakeraw(&settings);
  winsize size{};
  size.ws_col = 100;
  size.ws_row = 30;
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, &settings, &size) != 0) {
    ADD_FAILURE() << "no pseudo-terminal can be had here";
    return {};
  }
  const Fd reading(master);
  std::string text;
  // A terminal holds a few kilobytes only, so somebody must read while there is writing.
  std::thread reader([&] {
    char block[4096];
    for (;;) {
      const auto got = ::read(reading.get(), block, sizeof block);
      if (got <= 0) {
        return;  // EIO, when the other side is closed
      }
      text.append(block, static_cast<std::size_t>(got));
    }
  });
  std::FILE* stream = ::fdopen(slave, "w");
  write(stream);
  std::fclose(stream);
  reader.join();
  return text;
}

void approve(const std::string& name, const std::string& text) {
  const auto file = std::filesystem::path(CNI_MATRIX_APPROVED_DIR) / (name + ".txt");
  if (std::getenv("CNI_MATRIX_APPROVE") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    ASSERT_TRUE(write_file(file, text));
    return;
  }
  const auto approved = read_file(file);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(text, *approved) << "in " << file;
}

std::string visible(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += "<CR>";
    } else if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      out += '<';
      for (i += 2; i < text.size(); ++i) {
        out += text[i];
        if (std::isalpha(static_cast<unsigned char>(text[i])) != 0) {
          break;
        }
      }
      out += '>';
    } else {
      out += text[i];
    }
  }
  return out;
}

// NOLINTBEGIN(concurrency-mt-unsafe)
Environment::Environment(const char* name, const char* value)
    : m_name(name), m_was_set(std::getenv(name) != nullptr) {
  m_old = m_was_set ? std::getenv(name) : "";
  if (value == nullptr) {
    ::unsetenv(name);
  } else {
    ::setenv(name, value, 1);
  }
}

Environment::~Environment() {
  if (m_was_set) {
    ::setenv(m_name, m_old.c_str(), 1);
  } else {
    ::unsetenv(m_name);
  }
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace cni_matrix::report::testing
