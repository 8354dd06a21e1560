#include "artifacts/store.hpp"

#include "command_line.hpp"
#include "store.hpp"

#include "base/say.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <fmt/chrono.h>

#include <chrono>
#include <memory>

namespace cni_matrix::cli {

namespace {

std::filesystem::path cache_or_default(const std::filesystem::path& cache) {
  return cache.empty() ? cache_directory() : cache;
}

std::string megabytes(std::uintmax_t bytes) {
  constexpr double k_mega = 1e6;
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / k_mega);
}

Json to_json(const artifacts::StoreEntry& entry) {
  const auto& artifact = entry.artifact;
  return {{"component", name_of(artifact.component)},
          {"version", artifact.version.str()},
          {"provider", artifact.provider},
          {"package_version", artifact.package_version},
          {"source", artifact.source},
          {"sha256", artifact.sha256},
          {"directory", artifact.directory.string()},
          {"binaries", artifact.binaries},
          {"bytes", entry.bytes},
          {"last_used", fmt::format("{:%FT%TZ}", fmt::gmtime(entry.last_used))}};
}

}  // namespace

Expected<Ending> store_list_command(const StoreListArguments& arguments, std::FILE* out) {
  const auto cache = cache_or_default(arguments.cache);
  TRY_ASSIGN(const auto entries, artifacts::list_store(cache));
  if (arguments.json) {
    Json list = Json::array();
    for (const auto& entry : entries) {
      list.push_back(to_json(entry));
    }
    say(out, "{}\n", list.dump(2));
    return Ending{ExitStatus::good, "listed", Ending::Line::on_error};
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : entries) {
    const auto& artifact = entry.artifact;
    say(out, "{:<12} {:<12} {:<8} {:>9}  {}  {}\n", name_of(artifact.component),
        artifact.version.str(), artifact.provider, megabytes(entry.bytes),
        artifact.sha256.substr(0, 12), artifact.source);
    bytes += entry.bytes;
  }
  say(out, "{} entries, {} in {}\n", entries.size(), megabytes(bytes), cache.string());
  return Ending{ExitStatus::good, "listed"};
}

Expected<Ending> store_prune_command(const StorePruneArguments& arguments, std::FILE* out) {
  const std::chrono::hours day(24);
  if (arguments.unused_for_days < 0) {
    return input_error("--unused-for {} is no number of days; give 0 or more",
                       arguments.unused_for_days);
  }
  const auto unused_for = arguments.all ? std::chrono::hours(0) : arguments.unused_for_days * day;
  TRY_ASSIGN(const auto result,
             artifacts::prune_store(cache_or_default(arguments.cache), unused_for));
  for (const auto& entry : result.removed) {
    say(out, "removed {} {} {}\n", name_of(entry.artifact.component), entry.artifact.version.str(),
        entry.artifact.source);
  }
  say(out, "{} entries removed, {} freed\n", result.removed.size(), megabytes(result.freed_bytes));
  return Ending{ExitStatus::good, "pruned"};
}

void add_store(Command& program) {
  auto command = program.command("store", "what is in the store of binaries");
  command.needs_command();
  command.examples(R"(  cni-matrix store list
  cni-matrix store prune --unused-for 30)");
  auto list_command = command.command("list", "list it");
  const auto list = std::make_shared<StoreListArguments>();
  list_command.flag("--json", list->json, "as JSON");
  list_command.performs([list] { return store_list_command(*list, stdout); });
  auto prune_command = command.command("prune", "remove what was not used lately");
  const auto prune = std::make_shared<StorePruneArguments>();
  prune_command.option("--unused-for", prune->unused_for_days, "days").between(0, 100'000);
  prune_command.flag("--all", prune->all, "everything");
  prune_command.performs([prune] { return store_prune_command(*prune, stdout); });
}

}  // namespace cni_matrix::cli
