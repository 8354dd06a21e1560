#include "configuration_files.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/fd.hpp>

#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <unistd.h>

namespace cni_matrix::scenario {

namespace fs = std::filesystem;

namespace {

// A pod's start takes some tens of milliseconds: many loads fall into it.
constexpr std::chrono::milliseconds k_storm_pause{1};

Expected<void> rename_to(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return system_error(fmt::format("cannot rename {} to {}", from.string(), to.string()));
  }
  return {};
}

// As `ln -sf` does: what is there by that name makes room.
Expected<void> link_to(const fs::path& target, const fs::path& name) {
  ::unlink(name.c_str());
  if (::symlink(target.c_str(), name.c_str()) != 0) {
    return system_error(fmt::format("cannot link {} to {}", name.string(), target.string()));
  }
  return {};
}

Expected<void> write_linked(const fs::path& target, const std::string& text, bool swap) {
  // Under a new name every time: a link that is there already still leads to the old text.
  fs::path source = fs::path(layout::k_ours) / "linked" / target.filename();
  while (fs::exists(source)) {
    source += "+";
  }
  TRY(make_config_directory(source.parent_path()));
  TRY(write_file(source, text));
  if (!swap) {
    return link_to(source, target);
  }
  const fs::path beside = target.string() + ".new";
  TRY(link_to(source, beside));
  return rename_to(beside, target);
}

// The order of kubelet's atomic writer: a new directory, ..data leads there, then the names that
// users see, then the old directory goes.
Expected<void> write_as_configmap(const fs::path& target, const std::string& text) {
  const auto directory = target.parent_path();
  const auto data = directory / "..data";
  std::error_code error;
  const auto old = fs::read_symlink(data, error);
  fs::path fresh = "..version";
  while (fs::exists(directory / fresh)) {
    fresh += "+";
  }
  TRY(make_config_directory(directory / fresh));
  TRY(write_file(directory / fresh / target.filename(), text));
  TRY(link_to(fresh, directory / "..data_tmp"));
  TRY(rename_to(directory / "..data_tmp", data));
  if (!fs::is_symlink(fs::symlink_status(target, error))) {
    TRY(link_to(fs::path("..data") / target.filename(), target));
  }
  return old.empty() ? Expected<void>() : remove_config_directory(directory / old);
}

}  // namespace

Expected<void> write_config(const fs::path& directory, const std::string& file,
                            const std::string& text, const std::string& how) {
  TRY(make_config_directory(directory));
  const auto target = directory / file;
  if (how == "write") {
    return write_file(target, text);
  }
  if (how == "symlink" || how == "symlink-swap") {
    return write_linked(target, text, how == "symlink-swap");
  }
  if (how == "configmap") {
    return write_as_configmap(target, text);
  }
  // A name that no runtime takes for a configuration, or a directory that it does not watch.
  const auto source = how == "rename" ? fs::path(target.string() + ".new")
                                      : target.parent_path().parent_path() / (file + ".new");
  TRY(write_file(source, text));
  return rename_to(source, target);
}

Expected<bool> remove_config(const fs::path& directory, const std::string& file) {
  const auto target = directory / file;
  if (::unlink(target.c_str()) == 0) {
    return true;
  }
  if (errno == ENOENT) {
    return false;
  }
  return system_error(fmt::format("cannot remove {}", target.string()));
}

Expected<void> remove_config_directory(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) {
    return broken("cannot remove {}: {}", directory.string(), error.message());
  }
  return {};
}

Expected<void> make_config_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return broken("cannot make {}: {}", directory.string(), error.message());
  }
  return {};
}

ReloadStorm::ReloadStorm(const fs::path& directory)
    : m_file(directory / "storm.txt"), m_thread([this](const std::stop_token& stop) {
        const Fd file(::open(m_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        while (file && !stop.stop_requested() && ::pwrite(file.get(), "x", 1, 0) == 1) {
          std::this_thread::sleep_for(k_storm_pause);
        }
      }) {}

ReloadStorm::~ReloadStorm() {
  m_thread.request_stop();
  m_thread.join();
  ::unlink(m_file.c_str());
}

}  // namespace cni_matrix::scenario
