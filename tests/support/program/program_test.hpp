#pragma once

#include "program.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace cni_matrix::testing_support {

inline Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

inline std::string last_line(const std::string& text) {
  return split(trim(text), '\n').back();
}

// A line of the shell in which "$@" is the program with its arguments.
inline CommandResult in_shell(const Words& arguments, const std::string& line) {
  CommandOptions options;
  options.timeout = std::chrono::minutes(10);
  options.environment = fixed_environment();
  options.environment.push_back("CNI_MATRIX_CACHE=" + cache_directory().string());
  return value_or_throw(
      run_program(with({"/bin/sh", "-c", line, "sh", CNI_MATRIX_PROGRAM}, arguments), options));
}

// A test of the program with nodes and Debian 12's plugins; skipped where one of them is not to be
// had.
class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    directory = value_or_throw(TemporaryDirectory::create());
    const auto fetched = program({"fetch", "--plugins", "debian:bookworm"});
    if (fetched.exit_code != 0) {
      GTEST_SKIP() << fetched.out << fetched.err;
    }
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory->path() / name).string();
  }

  // A scenario of these steps, as a file: what --scenario takes.
  [[nodiscard]] std::string scenario(const std::string& id, const std::string& steps) const {
    auto file = path(id + ".json");
    value_or_throw(write_file(
        file, fmt::format(R"({{"id": "{}", "title": "Of a test", "steps": [{}]}})", id, steps)));
    return file;
  }

  // One modelled cell, which passes.
  const Words cell = {"run",       "--containerd",    "1.6.20",        "--runtime", "embedded",
                      "--plugins", "debian:bookworm", "--cni-version", "1.0.0"};
  std::optional<TemporaryDirectory> directory;
};

}  // namespace cni_matrix::testing_support
