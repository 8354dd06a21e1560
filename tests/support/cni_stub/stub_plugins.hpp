#pragma once

#include "base/file.hpp"
#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::testing {

// A directory of stub plugins (stub_plugin.cpp) with a configuration and a cache directory beside
// it.
class StubPlugins {
 public:
  StubPlugins() : m_directory(value_or_throw(TemporaryDirectory::create())) {
    std::filesystem::create_directories(plugin_dir());
    std::filesystem::create_directories(conf_dir());
  }

  [[nodiscard]] std::filesystem::path plugin_dir() const { return m_directory.path() / "bin"; }
  [[nodiscard]] std::filesystem::path conf_dir() const { return m_directory.path() / "net.d"; }
  [[nodiscard]] std::filesystem::path cache_dir() const { return m_directory.path() / "cni"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return m_directory.path(); }

  // A plugin that prints `result` for ADD and nothing for the rest.
  void add(const std::string& name, const std::string& result = {}) {
    const auto path = plugin_dir() / name;
    if (!std::filesystem::exists(path)) {
      std::filesystem::create_symlink(CNI_MATRIX_STUB_PLUGIN, path);
    }
    say(name + ".ADD.out", result);
  }
  // Set a file of a plugin: say("bridge.DEL.exit", "1").
  void say(const std::string& file, const std::string& text) {
    value_or_throw(write_file(plugin_dir() / file, text));
  }
  void configure(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((conf_dir() / file).parent_path());
    value_or_throw(write_file(conf_dir() / file, text));
  }
  // The calls so far, and forget them.
  std::string take_calls() {
    const auto log = plugin_dir() / "calls.log";
    auto text = read_file(log);
    std::filesystem::remove(log);
    return text ? *text : std::string();
  }

 private:
  TemporaryDirectory m_directory;
};

}  // namespace cni_matrix::testing
