#include "common_options.hpp"

#include "base/duration.hpp"
#include "base/say.hpp"
#include "base/try.hpp"
#include "verdict/residue.hpp"

#include <chrono>

#include <unistd.h>

namespace cni_matrix::cli {

void add_selection(Command& command, matrix::Selection& selection) {
  command
      .option("--containerd", selection.containerd,
              "containerd versions: 1.6.20, debian:bookworm, release:1.6.2, dir:/path@1.6.2")
      .list();
  command
      .option(
          "--plugins", selection.plugins,
          "CNI plugin versions, written the same way; VERSION+dir:/path has the plugins of that "
          "directory too")
      .list();
  command
      .option("--conflist", selection.conflists,
              "network configuration lists: a file, a directory of which the file that containerd "
              "would take, or a name in scenarios/conflists")
      .list();
  command
      .option("--cni-version", selection.cni_versions,
              "cniVersion of every conflist: a value, none (no key) or empty (\"\")")
      .list();
  command.option("--node", selection.node,
                 "what nodes have before the runtime starts: a file (matrix/node.schema.json), or "
                 "a name in scenarios/nodes");
  command.option("--scenario", selection.scenarios,
                 "scenarios; parameters after a colon: repair:to=0.4.0");
  command.flag("--all-scenarios", selection.all_scenarios,
               "every scenario that needs no parameter");
  command.option("--cell", selection.cells,
                 "only cells of this id (or its beginning), name or glob over names");
  command
      .option("--kubernetes", selection.kubernetes,
              "the containerd versions recommended for this Kubernetes version: 1.24")
      .list();
  command
      .option(
          "--runtime",
          [&selection](const std::string& text) -> Expected<void> {
            TRY_ASSIGN(selection.runtime, matrix::parse_runtime(text));
            return {};
          },
          "auto, daemon or embedded")
      .shown_as("WHICH");
  command.option("--host-port", selection.host_port, "the pod publishes this TCP port");
  command.flag(
      "--mark-chain", [&selection] { selection.mark_chain = true; },
      "kube-proxy's chain KUBE-MARK-MASQ exists before the run");
}

void add_fetching(Command& command, artifacts::FetchOptions& fetch) {
  command.flag("--offline", fetch.offline, "use only what is in the store");
  command.flag("--refresh", fetch.refresh, "ask again what Debian's suites have");
  command.option("--mirror", fetch.mirror, "take upstream's releases from this address");
  command.flag("--debian-fallback", fetch.debian_fallback,
               "with --mirror: take a Debian suite's package where the mirror lacks a version");
  command
      .option("--ca", fetch.ca_file,
              "certificates to trust (else $CURL_CA_BUNDLE, $SSL_CERT_FILE, the system's)")
      .shown_as("FILE");
  command.option("--debian-mirror", fetch.debian_mirror, "Debian archive to use");
  command.flag("--trust-label", fetch.trust_label,
               "take dir:/x@1.6.2, or what a catalog calls 1.6.2, for that even where its binary "
               "says something else");
  command.option("--catalog", fetch.extra_catalogs, "further catalogs of release digests");
}

void add_privileged(Command& command, bool& privileged) {
  command.flag(
      "--privileged",
      [&privileged] {
        privileged = true;
        if (::geteuid() != 0) {
          say(stderr,
              "cni-matrix: --privileged changes nothing for an ordinary user; run as root\n");
        }
      },
      "as root: nodes without a user namespace, for plugins that need it (eBPF)");
}

void add_knowledge(Command& command, Knowledge& knowledge) {
  command
      .option("--known", knowledge.known,
              "known behaviours of one's own: a file, or a folder of them")
      .shown_as("FILE");
  command.option("--residue", knowledge.residue, "residue of one's own plugins: what is no leak")
      .shown_as("FILE");
}

Expected<verdict::KnownBehaviours> load_knowledge(const Knowledge& knowledge) {
  TRY(verdict::use_residue(knowledge.residue));
  return verdict::KnownBehaviours::load(knowledge.known);
}

void add_console(Command& command, report::ConsoleOptions& console) {
  command.flag(
      "--quiet,-q", [&console] { console.verbosity = report::Verbosity::quiet; },
      "failures and the summary only");
  command.flag(
      "--verbose,-v", [&console] { console.verbosity = report::Verbosity::verbose; },
      "every cell as it ends");
  command
      .option(
          "--color",
          [&console](const std::string& when) -> Expected<void> {
            if (when != "auto") {
              console.colour = when == "always";
            }
            return {};
          },
          "auto, always or never")
      .one_of({"auto", "always", "never"})
      .shown_as("WHEN");
}

void add_running(Command& command, RunArguments& arguments) {
  command.option("matrix", arguments.matrix, "a matrix file, or the name of a shipped one")
      .shown_as("MATRIX");
  add_selection(command, arguments.selection);
  add_fetching(command, arguments.fetch);
  command.option("--jobs,-j", arguments.run.jobs, "nodes at once; twice the cores by default")
      .between(1, 1024);
  add_privileged(command, arguments.run.privileged);
  const auto limit = [&command](const std::string& name, std::chrono::milliseconds& value,
                                const char* what) {
    command
        .option(
            name,
            [&value, name](const std::string& text) -> Expected<void> {
              const auto given = parse_duration(text);
              if (!given) {
                return fail(given.error().kind, "{}: {}", name, given.error().message);
              }
              value = *given;
              return {};
            },
            what)
        .shown_as("TIME");
  };
  limit("--step-timeout", arguments.run.step_timeout,
        "time limit of a step: 90, 90s, 15m, 2h (60s)");
  limit("--cell-timeout", arguments.run.cell_timeout, "time limit of a cell (5m)");
  limit("--timeout", arguments.run.run_timeout,
        "time limit of the whole run, from the program's start (none)");
}

}  // namespace cni_matrix::cli
