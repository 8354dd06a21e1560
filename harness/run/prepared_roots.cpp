#include "prepared_roots.hpp"

#include "node_answer.hpp"
#include "recording.hpp"

#include "artifacts/cache.hpp"
#include "base/digest.hpp"
#include "base/try.hpp"
#include "containerd/prepared_root.hpp"
#include "containerd/runtime.hpp"
#include <cni_matrix/base/paths.hpp>

#include <sys/mman.h>

namespace cni_matrix::run {

namespace {

namespace fs = std::filesystem;

// In the node that makes a root.
constexpr const char* k_binaries = "/opt/stacks/containerd-0";
constexpr const char* k_pause = "/opt/stacks/ours/pause";

Expected<void> prepare_root(const artifacts::Artifact& artifact, const CellPlan& plan,
                            const fs::path& file, const RunOptions& options) {
  node::NodeOptions node_options;
  node_options.privileged = options.privileged;
  node_options.binds = {{artifact.directory, k_binaries},
                        {plan.runc, containerd::k_runc},
                        {libexec_directory() / "runc-wrapper", containerd::k_runc_wrapper},
                        {libexec_directory() / "pause", k_pause}};
  containerd::ContainerdOptions daemon;
  daemon.binaries = k_binaries;
  daemon.version = artifact.version;
  daemon.timeouts.call = options.step_timeout;
  auto started = node::Node::start(node_options, [&](int output, std::int64_t) {
    const auto built = containerd::build_root(daemon, k_pause, output);
    if (!built) {
      write_answer(output, "!b" + built.error().message + "\n");
    }
    return built ? 0 : 1;
  });
  if (!started) {
    return tl::unexpected(started.error());
  }
  TRY_ASSIGN(const auto answer,
             read_answer(*started, options.cell_timeout, [&] { return must_stop(options); }));
  if (!answer) {
    return broken("preparing the root of containerd {} took longer than {} s",
                  artifact.version.str(), options.cell_timeout.count() / 1000);
  }
  const auto& bytes = *answer;
  if (started->reap().exit_code != 0 || bytes.starts_with('!')) {
    const auto mark = bytes.rfind('!');
    return tl::unexpected(
        node::parse_setup_error(mark == std::string::npos ? "!bno answer" : bytes.substr(mark)));
  }
  const Fd memory(::memfd_create("containerd-root", MFD_CLOEXEC));
  if (!memory) {
    return system_error("cannot make a memory file");
  }
  write_answer(memory.get(), bytes);
  return containerd::save_root(memory.get(), file);
}

}  // namespace

Expected<fs::path> prepared_root(const artifacts::Artifact& artifact, const fs::path& cache) {
  static const auto pause = sha256_file(libexec_directory() / "pause");
  if (!pause) {
    return tl::unexpected(pause.error());
  }
  const auto binary = artifact.binaries.find("containerd");
  if (binary == artifact.binaries.end()) {
    return input_error("{} has no containerd executable", artifact.directory.string());
  }
  return containerd::prepared_root_file(cache, binary->second, *pause);
}

Expected<void> prepare_roots(const CellPlan& plan, const RunOptions& options, Listener& listener) {
  if (options.record) {
    TRY(run_recorder());
  }
  if (plan.embedded) {
    return {};
  }
  const auto& artifact = *plan.containerds.at("").artifact;
  TRY_ASSIGN(const auto file, prepared_root(artifact, options.cache));
  if (containerd::is_good_root(file)) {
    return {};
  }
  // Another run may be at it. A root that is put in the place of one that a node is just about to
  // mount would make that fail.
  using artifacts::FileLock;
  const artifacts::Cache cache(options.cache);
  TRY(cache.create());
  TRY_ASSIGN(const auto lock,
             FileLock::acquire(cache.locks() / ("root-" + file.stem().string()),
                               FileLock::Mode::exclusive, [&] { return must_stop(options); }));
  if (containerd::is_good_root(file)) {
    return {};
  }
  listener.notice(
      fmt::format("importing the pause image into containerd {}", artifact.version.str()));
  return prepare_root(artifact, plan, file, options);
}

}  // namespace cni_matrix::run
