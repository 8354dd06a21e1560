#include "fetch.hpp"

#include "common_options.hpp"

#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "report/text.hpp"
#include "run/signals.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/run/runner.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace cni_matrix::cli {

namespace {

using artifacts::Component;

std::string describe(const artifacts::Artifact& artifact) {
  return fmt::format(
      "{} {}{} {}: {} of {}{}", name_of(artifact.component), artifact.version.str(),
      report::label_note(artifact), artifact.provider,
      artifact.binaries.size() == 1 ? std::string("1 binary")
                                    : fmt::format("{} binaries", artifact.binaries.size()),
      artifact.source,
      artifact.sha256.empty() ? std::string{}
                              : fmt::format(" (SHA-256 {}...)", artifact.sha256.substr(0, 12)));
}

// Adds what the cells of the matrix begin with.
Expected<void> add_tokens_of(const std::filesystem::path& matrix, FetchArguments& arguments) {
  RunArguments run;
  run.matrix = matrix;
  TRY_ASSIGN(const auto cells, cells_of(run));
  const auto add = [](std::vector<std::string>& tokens, const std::string& token) {
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
      tokens.push_back(token);
    }
  };
  for (const auto& cell : cells) {
    add(arguments.containerd, cell.containerd);
    add(arguments.plugins, cell.plugins);
  }
  return {};
}

}  // namespace

Expected<Ending> fetch_command(FetchArguments arguments, std::FILE* out, std::FILE* err) {
  if (!arguments.matrix.empty()) {
    TRY(add_tokens_of(arguments.matrix, arguments));
  }
  if (arguments.containerd.empty() && arguments.plugins.empty() && arguments.runc.empty()) {
    return input_error("fetch what? name a matrix, --containerd, --plugins or --runc");
  }
  TRY_ASSIGN(const auto signals, run::StopSignals::catch_them());
  LinePrinter printer(err);
  auto options = arguments.options;
  options.progress = [&printer](std::string_view text) { printer.status(text); };
  options.notice = [&printer](std::string_view text) {
    printer.line(fmt::format("warning: {}", text));
  };
  options.cancelled = [] { return run::StopSignals::pending() != 0; };
  options.sandbox = run::node_sandbox(options.cancelled, arguments.privileged);
  TRY_ASSIGN(auto provisioner, artifacts::Provisioner::open(
                                   arguments.cache.empty() ? cache_directory() : arguments.cache,
                                   std::move(options)));
  // All tokens are read before the first is fetched: a mistake shows at once.
  std::vector<std::pair<Component, artifacts::VersionToken>> wanted;
  for (const auto& [component, tokens] : {std::pair(Component::containerd, &arguments.containerd),
                                          std::pair(Component::plugins, &arguments.plugins),
                                          std::pair(Component::runc, &arguments.runc)}) {
    for (const auto& text : *tokens) {
      TRY_ASSIGN(auto token, artifacts::VersionToken::parse(text));
      wanted.emplace_back(component, std::move(token));
    }
  }
  std::size_t had = 0;
  for (const auto& [component, token] : wanted) {
    const auto& artifact = provisioner.ensure(component, token);
    printer.finish();
    if (artifact) {
      ++had;
      say(out, "{}\n", describe(*artifact));
    } else if (artifact.error().kind == ErrorKind::unavailable) {
      say(out, "{} {}: not to be had: {}\n", name_of(component), token.text,
          artifact.error().message);
    } else if (artifact.error().kind == ErrorKind::interrupted) {
      say(err, "cni-matrix: {}\n", printable(artifact.error().message));
      return ending_by_signal(run::StopSignals::pending(), "what is above is in the store");
    } else {
      return tl::unexpected(artifact.error());
    }
    std::fflush(out);
  }
  if (had < wanted.size()) {
    return Ending{ExitStatus::incomplete,
                  fmt::format("{} of {} could not be had", wanted.size() - had, wanted.size())};
  }
  return Ending{ExitStatus::good, fmt::format("all {} are in the store", had)};
}

void add_fetch(Command& program) {
  auto command = program.command("fetch", "fill the store without running anything");
  const auto arguments = std::make_shared<FetchArguments>();
  command.examples(R"(  cni-matrix fetch default
  cni-matrix fetch --containerd 1.7.24 --plugins debian:bookworm --mirror https://mirror.example/)");
  command.option("matrix", arguments->matrix, "fetch what this matrix needs").shown_as("MATRIX");
  command.option("--containerd", arguments->containerd, "containerd versions").list();
  command.option("--plugins", arguments->plugins, "CNI plugin versions").list();
  command.option("--runc", arguments->runc, "runc versions").list();
  add_fetching(command, arguments->options);
  add_privileged(command, arguments->privileged);
  command.performs([arguments] { return fetch_command(*arguments, stdout, stderr); });
}

}  // namespace cni_matrix::cli
