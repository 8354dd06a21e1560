#include "base/duration.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "cli/diff.hpp"
#include "cli/explain.hpp"
#include "cli/fetch.hpp"
#include "cli/list.hpp"
#include "cli/plan.hpp"
#include "cli/report.hpp"
#include "cli/run.hpp"
#include "cli/store.hpp"
#include "cli/verify.hpp"
#include "node/node.hpp"
#include "run/signals.hpp"
#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/base/paths.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

// The command line: options into arguments, an Error into one sentence and an exit status.
namespace {

using namespace cni_matrix;
using Action = std::function<Expected<Ending>()>;

constexpr const char* k_privileged =
    "as root: nodes without a user namespace, for plugins that need it (eBPF)";
constexpr std::size_t k_longest_refusal = 500;  // bytes, of a sentence about bad input

constexpr const char* k_environment = R"(
Environment:
  CNI_MATRIX_CACHE  where binaries and prepared roots are kept (default: $XDG_CACHE_HOME or
                    ~/.cache, in cni-matrix): about 200 MB for a version of containerd with
                    two of the plugins, 700 MB for matrix default
  CNI_MATRIX_DATA   where matrix/ and scenarios/ are (default: beside the program)
A node takes up to 192 MiB of memory while it runs; a first run of matrix default takes
some minutes, most of them for fetching, and a second one half a minute.)";

// Each command has some of its own.
constexpr const char* k_run_examples = R"(
Examples:
  cni-matrix run default
  cni-matrix run default --cell 80dac9
  cni-matrix run --containerd 1.6.20 --plugins 1.1.1 --conflist /etc/cni/net.d --scenario netns-gone
  cni-matrix run default --baseline old.json --json new.json)";
constexpr const char* k_plan_examples = R"(
Examples:
  cni-matrix plan default
  cni-matrix plan --containerd 1.6.20,2.1.9 --plugins 1.1.1 --all-scenarios --json)";
constexpr const char* k_fetch_examples = R"(
Examples:
  cni-matrix fetch default
  cni-matrix fetch --containerd 1.7.24 --plugins debian:bookworm --mirror https://mirror.example/)";
constexpr const char* k_verify_examples = R"(
Examples:
  cni-matrix verify-embedded default
  cni-matrix verify-embedded --containerd debian:bookworm --plugins 1.1.1 --all-scenarios)";
constexpr const char* k_explain_examples = R"(
Examples:
  cni-matrix explain
  cni-matrix explain F02 F05)";
constexpr const char* k_list_examples = R"(
Examples:
  cni-matrix list scenarios
  cni-matrix list probes)";
constexpr const char* k_report_examples = R"(
Examples:
  cni-matrix report run.json
  cni-matrix report run.json --format junit --output junit.xml)";
constexpr const char* k_diff_examples = R"(
Examples:
  cni-matrix diff old.json new.json)";
constexpr const char* k_store_examples = R"(
Examples:
  cni-matrix store list
  cni-matrix store prune --unused-for 30)";
constexpr const char* k_shell_examples = R"(
Examples:
  cni-matrix run default --cell 80dac9 --keep     (prints a number, here 4711)
  cni-matrix shell 4711
  cni-matrix shell 4711 iptables-save)";

constexpr const char* k_examples = R"(
Examples:
  cni-matrix run default
  cni-matrix run --containerd debian:bookworm --plugins debian:bullseye --cni-version none,1.0.0
  cni-matrix run --containerd 1.6.2 --plugins dir:/opt/cni/bin --conflist my.conflist
  cni-matrix run default --json run.json --junit junit.xml
  cni-matrix plan default
  cni-matrix explain F02)";

// A command's help ends with the statuses that it can have and with examples.
std::string footer_of(const char* command, const char* examples) {
  return exit_statuses_of(command) + examples;
}

// As CLI::IsMember, which lists all of them to who has mistyped one.
CLI::Validator one_of(const std::vector<std::string>& words) {
  return CLI::Validator(
      [words](const std::string& value) {
        return std::find(words.begin(), words.end(), value) != words.end()
                   ? std::string()
                   : fmt::format("there is no \"{}\"{}", excerpt(value, 80),
                                 suggestion(value, words));
      },
      fmt::format("{{{}}}", fmt::join(words, ",")));
}

void add_selection(CLI::App& app, matrix::Selection& selection) {
  app.add_option("--containerd", selection.containerd,
                 "containerd versions: 1.6.20, debian:bookworm, release:1.6.2, dir:/path@1.6.2")
      ->delimiter(',');
  app.add_option("--plugins", selection.plugins, "CNI plugin versions, written the same way")
      ->delimiter(',');
  app.add_option(
         "--conflist", selection.conflists,
         "network configuration lists: a file, a directory of which the file that containerd "
         "would take, or a name in scenarios/conflists")
      ->delimiter(',');
  app.add_option("--cni-version", selection.cni_versions,
                 "cniVersion of every conflist: a value, none (no key) or empty (\"\")")
      ->delimiter(',');
  app.add_option("--scenario", selection.scenarios,
                 "scenarios; parameters after a colon: repair:to=0.4.0");
  app.add_flag("--all-scenarios", selection.all_scenarios,
               "every scenario that needs no parameter");
  app.add_option("--cell", selection.cells,
                 "only cells of this id (or its beginning), name or glob over names");
  app.add_option("--kubernetes", selection.kubernetes,
                 "the containerd versions recommended for this Kubernetes version: 1.24")
      ->delimiter(',');
  app.add_option_function<std::string>(
         "--runtime",
         [&selection](const std::string& text) {
           selection.runtime = value_or_throw(matrix::parse_runtime(text));
         },
         "auto, daemon or embedded")
      ->type_name("WHICH");
  app.add_option("--host-port", selection.host_port, "the pod publishes this TCP port");
  app.add_flag_function(
      "--mark-chain", [&selection](std::int64_t) { selection.mark_chain = true; },
      "kube-proxy's chain KUBE-MARK-MASQ exists before the run");
}

void add_fetching(CLI::App& app, artifacts::FetchOptions& fetch) {
  app.add_flag("--offline", fetch.offline, "use only what is in the store");
  app.add_flag("--refresh", fetch.refresh, "ask again what Debian's suites have");
  app.add_option("--mirror", fetch.mirror, "take upstream's releases from this address");
  app.add_flag("--debian-fallback", fetch.debian_fallback,
               "with --mirror: take a Debian suite's package where the mirror lacks a version");
  app.add_option("--ca", fetch.ca_file,
                 "certificates to trust (else $CURL_CA_BUNDLE, $SSL_CERT_FILE, the system's)")
      ->type_name("FILE");
  app.add_option("--debian-mirror", fetch.debian_mirror, "Debian archive to use");
  app.add_flag("--trust-label", fetch.trust_label,
               "take dir:/x@1.6.2, or what a catalog calls 1.6.2, for that even where its binary "
               "says something else");
  app.add_option("--catalog", fetch.extra_catalogs, "further catalogs of release digests");
}

void add_privileged(CLI::App& app, bool& privileged) {
  app.add_flag_function(
      "--privileged",
      [&privileged](std::int64_t) {
        privileged = true;
        if (::geteuid() != 0) {
          say(stderr,
              "cni-matrix: --privileged changes nothing for an ordinary user; run as root\n");
        }
      },
      k_privileged);
}

void add_running(CLI::App& app, cli::RunArguments& arguments) {
  app.add_option("matrix", arguments.matrix, "a matrix file, or the name of a shipped one")
      ->type_name("MATRIX");
  add_selection(app, arguments.selection);
  add_fetching(app, arguments.fetch);
  app.add_option("--jobs,-j", arguments.run.jobs, "nodes at once; twice the cores by default")
      ->check(CLI::Range(1, 1024));
  add_privileged(app, arguments.run.privileged);
  const auto limit = [&app](const std::string& name, std::chrono::milliseconds& value,
                            const char* what) {
    app.add_option_function<std::string>(
           name,
           [&value, name](const std::string& text) {
             const auto given = parse_duration(text);
             if (!given) {
               throw Failure({given.error().kind, name + ": " + given.error().message});
             }
             value = *given;
           },
           what)
        ->type_name("TIME");
  };
  limit("--step-timeout", arguments.run.step_timeout,
        "time limit of a step: 90, 90s, 15m, 2h (60s)");
  limit("--cell-timeout", arguments.run.cell_timeout, "time limit of a cell (5m)");
  limit("--timeout", arguments.run.run_timeout,
        "time limit of the whole run, from the program's start (none)");
}

void add_console(CLI::App& app, report::ConsoleOptions& console) {
  app.add_flag_function(
      "--quiet,-q", [&console](std::int64_t) { console.verbosity = report::Verbosity::quiet; },
      "failures and the summary only");
  app.add_flag_function(
      "--verbose,-v", [&console](std::int64_t) { console.verbosity = report::Verbosity::verbose; },
      "every cell as it ends");
  app.add_option_function<std::string>(
         "--color",
         [&console](const std::string& when) {
           if (when != "auto") {
             console.colour = when == "always";
           }
         },
         "auto, always or never")
      ->check(one_of({"auto", "always", "never"}))
      ->type_name("WHEN");
}

void add_run(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("run", "run the cells of a matrix, or of the options alone");
  auto arguments = std::make_shared<cli::RunArguments>();
  add_running(*command, *arguments);
  add_console(*command, arguments->console);
  command->add_flag_function(
      "--no-record", [arguments](std::int64_t) { arguments->run.record = false; },
      "call the plugins directly, without a trace");
  command->add_flag("--fail-fast", arguments->run.fail_fast, "stop at the first bad cell");
  command->add_flag("--keep", arguments->run.keep, "keep the nodes until Ctrl-C or --timeout");
  command
      ->add_option("--repeat", arguments->run.repeat, "run each cell so often; report flaky ones")
      ->check(CLI::Range(1, 100'000));
  command->add_option("--json", arguments->json, "write the run to this file (- for stdout)");
  command->add_option("--junit", arguments->junit, "write JUnit XML to this file");
  command->add_option(
      "--baseline", arguments->baseline,
      "fail where a cell got worse than in this run: to fail, leak, broken or skip");
  command->add_flag("--new-failures-only", arguments->new_failures_only,
                    "with --baseline: fail only for what did not fail there");
  command->add_option("--fail-on", arguments->fail_on, "bad news too: skip, modelled")
      ->delimiter(',')
      ->check(one_of({"skip", "modelled"}));
  command->add_option("--rerun-failed", arguments->rerun_failed, "the failed cells of this run");
  command->footer(footer_of("run", k_run_examples));
  command->callback([&action, arguments] {
    action = [arguments] { return cli::run_command(*arguments, stdout, stderr); };
  });
}

void add_verify(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("verify-embedded",
                                     "run cells on both runtimes and show where they disagree");
  auto arguments = std::make_shared<cli::RunArguments>();
  add_running(*command, *arguments);
  command->add_option("--json", arguments->json,
                      "write what was found to this file (- for stdout)");
  command->footer(footer_of("verify-embedded", k_verify_examples));
  command->callback([&action, arguments] {
    action = [arguments] { return cli::verify_command(*arguments, stdout, stderr); };
  });
}

void add_plan(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("plan", "print the cells and their ids; run nothing");
  auto arguments = std::make_shared<cli::PlanArguments>();
  command->footer(footer_of("plan", k_plan_examples));
  command->add_option("matrix", arguments->matrix, "a matrix file, or the name of a shipped one")
      ->type_name("MATRIX");
  add_selection(*command, arguments->selection);
  command->add_flag("--json", arguments->json, "one JSON object a line");
  command->callback([&action, arguments] {
    action = [arguments] { return cli::plan_command(*arguments, stdout); };
  });
}

void add_fetch(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("fetch", "fill the store without running anything");
  struct Both {
    cli::FetchArguments fetch;
    cli::RunArguments run;
  };
  auto arguments = std::make_shared<Both>();
  command->footer(footer_of("fetch", k_fetch_examples));
  command->add_option("matrix", arguments->run.matrix, "fetch what this matrix needs")
      ->type_name("MATRIX");
  command->add_option("--containerd", arguments->fetch.containerd, "containerd versions")
      ->delimiter(',');
  command->add_option("--plugins", arguments->fetch.plugins, "CNI plugin versions")->delimiter(',');
  command->add_option("--runc", arguments->fetch.runc, "runc versions")->delimiter(',');
  add_fetching(*command, arguments->fetch.options);
  add_privileged(*command, arguments->fetch.privileged);
  command->callback([&action, arguments] {
    action = [arguments]() -> Expected<Ending> {
      auto& fetch = arguments->fetch;
      if (!arguments->run.matrix.empty()) {
        CNI_MATRIX_TRY_ASSIGN(const auto cells, cli::cells_of(arguments->run));
        const auto add = [](std::vector<std::string>& tokens, const std::string& token) {
          if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
            tokens.push_back(token);
          }
        };
        for (const auto& cell : cells) {
          add(fetch.containerd, cell.containerd);
          add(fetch.plugins, cell.plugins);
        }
      }
      if (fetch.containerd.empty() && fetch.plugins.empty() && fetch.runc.empty()) {
        return input_error("fetch what? name a matrix, --containerd, --plugins or --runc");
      }
      return cli::fetch_command(fetch, stdout, stderr);
    };
  });
}

void add_store(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("store", "what is in the store of binaries");
  command->require_subcommand(1);
  command->footer(footer_of("store", k_store_examples));
  auto list = std::make_shared<cli::StoreListArguments>();
  auto* list_command = command->add_subcommand("list", "list it");
  list_command->add_flag("--json", list->json, "as JSON");
  list_command->callback(
      [&action, list] { action = [list] { return cli::store_list_command(*list, stdout); }; });
  auto prune = std::make_shared<cli::StorePruneArguments>();
  auto* prune_command = command->add_subcommand("prune", "remove what was not used lately");
  prune_command->add_option("--unused-for", prune->unused_for_days, "days")
      ->check(CLI::Range(0, 100'000));
  prune_command->add_flag("--all", prune->all, "everything");
  prune_command->callback(
      [&action, prune] { action = [prune] { return cli::store_prune_command(*prune, stdout); }; });
}

void add_saved_runs(CLI::App& app, Action& action) {
  auto* report_command = app.add_subcommand("report", "show a saved run again");
  auto shown = std::make_shared<cli::ReportArguments>();
  report_command->footer(footer_of("report", k_report_examples));
  report_command->add_option("run", shown->run, "what `run --json` wrote")->required();
  report_command->add_option("--format", shown->format, "console, junit or json");
  report_command->add_option("--output,-o", shown->output, "file; - for standard output");
  add_console(*report_command, shown->console);
  report_command->callback([&action, shown] {
    action = [shown] { return cli::report_command(*shown, stdout, stderr); };
  });
  auto* diff_command = app.add_subcommand("diff", "the cells whose verdict differs in two runs");
  auto compared = std::make_shared<cli::DiffArguments>();
  diff_command->footer(footer_of("diff", k_diff_examples));
  diff_command->add_option("old", compared->before, "a saved run")->required();
  diff_command->add_option("new", compared->after, "a saved run")->required();
  diff_command
      ->add_option("--by", compared->by,
                   fmt::format("what makes a cell the same in both, where builds are compared: {}",
                               fmt::join(report::identity_columns(), ", ")))
      ->delimiter(',');
  diff_command->add_flag("--json", compared->json, "as JSON");
  diff_command->callback([&action, compared] {
    action = [compared] { return cli::diff_command(*compared, stdout); };
  });
}

void add_explain(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("explain", "print a known behaviour and its remedy");
  auto arguments = std::make_shared<cli::ExplainArguments>();
  command->footer(footer_of("explain", k_explain_examples));
  command->add_option("id", arguments->ids, "such as F02; none lists all");
  command->add_flag("--json", arguments->json, "as JSON");
  command->callback([&action, arguments] {
    action = [arguments] { return cli::explain_command(*arguments, stdout); };
  });
}

void add_list(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("list", "what there is to choose from");
  auto arguments = std::make_shared<cli::ListArguments>();
  command->footer(footer_of("list", k_list_examples));
  command->add_option("what", arguments->what, "scenarios, trace-rules or probes")
      ->check(one_of({"scenarios", "trace-rules", "probes"}));
  command->add_option("--format", arguments->format, "of scenarios: text, json or markdown")
      ->check(one_of({"text", "json", "markdown"}));
  command->callback([&action, arguments] {
    action = [arguments] { return cli::list_command(*arguments, stdout); };
  });
}

void add_shell(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("shell", "a shell inside a node that `run --keep` keeps");
  auto pid = std::make_shared<int>(0);
  auto program = std::make_shared<std::vector<std::string>>(std::vector<std::string>{"/bin/sh"});
  command->footer(footer_of("shell", k_shell_examples));
  command->add_option("pid", *pid, "the number that `run --keep` printed")->required();
  command->add_option("command", *program, "instead of a shell");
  command->callback([&action, pid, program] {
    action = [pid, program]() -> Expected<Ending> {
      CNI_MATRIX_TRY_ASSIGN(const auto status, node::enter(*pid, *program));
      return Ending{static_cast<ExitStatus>(status), "the status of what was run in the node",
                    Ending::Line::on_error};
    };
  });
}

// An empty value is mostly a variable that nobody has set, and would be taken for no option at all.
void refuse_empty_values(CLI::App& app) {
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    refuse_empty_values(*command);
  }
  for (auto* option : app.get_options()) {
    const bool is_of_another_program = app.get_name() == "shell" && option->get_positional();
    if (option->get_items_expected_max() > 0 && !is_of_another_program) {
      option->check([](const std::string& value) {
        return std::string(value.empty() ? "it is empty; give it a value or leave it out" : "");
      });
    }
  }
}

// The command that the words are about, or the program itself.
const CLI::App& addressed(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const auto inner =
        command->get_subcommands([&](const CLI::App* one) { return one->get_name() == argv[i]; });
    if (inner.empty()) {
      break;
    }
    command = inner.front();
  }
  return *command;
}

// As it is called: "cni-matrix store prune".
std::string called(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : called(*parent) + " " + command.get_name();
}

// The first option that the command does not have, with what was meant; empty when there is none.
std::string unknown_option(const CLI::App& app, int argc, char** argv) {
  const auto& command = addressed(app, argc, argv);
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
    for (const auto& name : option->get_snames()) {
      names.push_back("-" + name);
    }
  }
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string word = argv[i];
    const auto name = word.substr(0, word.find('='));
    if (!word.starts_with("--") || std::find(names.begin(), names.end(), name) != names.end()) {
      continue;
    }
    return fmt::format("{} has no option {}{} ({} --help)", called(command), excerpt(name, 80),
                       did_you_mean(name, names), called(command));
  }
  return {};
}

// `cni-matrix help`, `cni-matrix help COMMAND`: as --help says it.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  return words;
}

// The first of the words that stands where a command is wanted and is none; empty when there is
// none. CLI11 says of it only that a command is required, and nothing where help is asked for.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  const int first = argc > 1 && std::string_view(argv[1]) == "help" ? 2 : 1;
  for (int i = first; i < argc && argv[i][0] != '-'; ++i) {
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const auto* inner : command->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(inner->get_name());
      next = inner->get_name() == argv[i] ? inner : next;
    }
    if (names.empty()) {
      return {};
    }
    if (next == nullptr) {
      return fmt::format("there is no command {}{}{} ({} --help)",
                         command == &app ? "" : command->get_name() + " ", excerpt(argv[i], 80),
                         did_you_mean(argv[i], names), called(*command));
    }
    command = next;
  }
  return {};
}

// Whether everything that was printed is written: 0, or why not. stdio forgets the reason of an
// earlier failure, but a pipe without a reader tells it.
int output_error() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
    return 0;
  }
  const int error = errno;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0) {
    return EPIPE;
  }
  return error == 0 ? EIO : error;
}

// The last line, whatever happened before it; the status that it names is the result.
int end_with(const Ending& ending) {
  // All of what was printed before is looked at too: also where the last line stands elsewhere.
  int error = output_error();
  if (error == 0 && ending.line == Ending::Line::on_output) {
    say(stdout, "{}\n", ending.text());
    error = output_error();
    if (error == 0) {
      return number_of(ending.status);
    }
  }
  Ending other = ending;
  // A reader that has left, as in `cni-matrix list scenarios | head`, has what it wants.
  if (error != 0 && error != EPIPE) {
    other.coloured = false;
    other.status = graver(ending.status, ExitStatus::broken);
    if (other.status != ending.status) {
      other.words = fmt::format("standard output could not be written: {}",
                                std::strerror(error));  // NOLINT(concurrency-mt-unsafe)
    }
  }
  say(stderr, "{}\n", other.text());
  return number_of(other.status);
}

// Descriptors 0 to 2 that the caller closed are taken, so that no file of ours becomes standard
// output; writing there fails, as it should. Of a closed standard error nobody can be told.
void occupy_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0) {
      // The lowest free descriptor is this one.
      (void)::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
    }
  }
}

int refuse(ExitStatus status, const std::string& why) {
  std::fflush(stdout);
  say(stderr, "cni-matrix: {}\n", without_credentials(why));
  return end_with({status, std::string(meaning_of(status)), Ending::Line::on_error});
}

// A text that is no command's work, and so has no last line, has to be written all the same.
int written(int status) {
  const int error = output_error();
  if (error == 0 || error == EPIPE) {
    return status;
  }
  return refuse(ExitStatus::broken, "standard output could not be written");
}

int perform(const Action& action) {
  const auto data = check_data_directory();
  const auto ending = data ? action() : tl::unexpected(data.error());
  if (!ending) {
    auto why = printable(ending.error().message);
    if (ending.error().kind == ErrorKind::input) {
      why = excerpt(why, k_longest_refusal);
    }
    if (ending.error().kind == ErrorKind::interrupted) {
      say(stderr, "cni-matrix: {}\n", why);
      auto interrupted = ending_by_signal(run::StopSignals::pending(), "it was not done");
      interrupted.line = Ending::Line::on_error;
      return end_with(interrupted);
    }
    return refuse(status_of(ending.error().kind), why);
  }
  return end_with(*ending);
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a reader that leaves is an error to us
  end_on_signals();
  constexpr mode_t k_writable_by_us_alone = 022;
  ::umask(k_writable_by_us_alone);  // whatever the caller's is: others must not change what we run
  CLI::App app(
      "Does this containerd work with these CNI plugins and this network configuration, for "
      "the whole life of a pod sandbox?",
      "cni-matrix");
  app.set_version_flag("-V,--version", "cni-matrix " + std::string(program_version()));
  app.require_subcommand(1);
  app.footer(std::string(k_environment) + "\n" + k_examples);
  Action action;
  add_run(app, action);
  add_plan(app, action);
  add_fetch(app, action);
  add_verify(app, action);
  add_explain(app, action);
  add_list(app, action);
  add_saved_runs(app, action);
  add_store(app, action);
  add_shell(app, action);
  refuse_empty_values(app);
  if (const auto what = unknown_command(app, argc, argv); !what.empty()) {
    return refuse(ExitStatus::bad_input, what);
  }
  try {
    app.parse(words_of(argc, argv));
  } catch (const CLI::CallForHelp& help) {
    return written(app.exit(help));
  } catch (const CLI::CallForVersion& version) {
    return written(app.exit(version));
  } catch (const CLI::ParseError& error) {
    auto what = unknown_option(app, argc, argv);
    if (what.empty()) {
      what = fmt::format("{} ({} --help)", excerpt(error.what(), k_longest_refusal),
                         called(addressed(app, argc, argv)));
    }
    return refuse(ExitStatus::bad_input, what);
  } catch (const Failure& failure) {
    return refuse(status_of(failure.error().kind),
                  excerpt(failure.error().message, k_longest_refusal));
  }
  try {
    return perform(action);
  } catch (const std::exception& error) {
    return refuse(ExitStatus::broken, fmt::format("trouble that should not be: {}",
                                                  excerpt(error.what(), k_longest_refusal)));
  }
}
