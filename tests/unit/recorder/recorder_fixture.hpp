#pragma once

#include "base/file.hpp"
#include "recorder/collector.hpp"
#include <cni_matrix/base/fd.hpp>
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

// A stand-in for a node: bin/ with the recorder under each plugin's name, real/ with the plugins,
// trace/socket with the collector, which is us.
namespace cni_matrix::recorder {

namespace fs = std::filesystem;

inline constexpr const char* k_config = R"({"cniVersion":"1.0.0","name":"net","type":"bridge"})";

class RecorderTest : public testing::Test {
  TemporaryDirectory m_root;  // the first to come and the last to go

 protected:
  RecorderTest() : m_root(value_or_throw(TemporaryDirectory::create())) {
    for (const char* folder : {"bin", "real", "trace"}) {
      fs::create_directory(root() / folder);
    }
    m_options.socket = root() / "trace" / "socket";
    m_options.program = root() / "recorder";
    m_options.secret = value_or_throw(make_secret());
    value_or_throw(write_file(m_options.program,
                              value_or_throw(recorder_with_secret(RECORDER, m_options.secret))));
    fs::permissions(m_options.program, fs::perms::owner_all);
    m_collector.emplace(value_or_throw(Collector::start(m_options)));
  }

  // Nothing that these tests do is to look like a forged or cut record, unless they say so.
  void TearDown() override {
    if (m_collector && m_expects_no_trouble) {
      EXPECT_THAT(troubles(), testing::IsEmpty());
    }
  }

  [[nodiscard]] const fs::path& root() const { return m_root.path(); }
  [[nodiscard]] std::string recorded(const std::string& name) const {
    return root() / "bin" / name;
  }
  [[nodiscard]] std::string direct(const std::string& name) const { return root() / "real" / name; }

  void add_plugin(const std::string& name, const std::string& script) {
    value_or_throw(write_file(direct(name), "#!/bin/sh\n" + script + "\n"));
    fs::permissions(direct(name), fs::perms::owner_all);
    fs::create_symlink(root() / "recorder", recorded(name));
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    std::vector<std::string> variables = fixed_environment();
    variables.emplace_back("RECORDER_TEST_ROOT=" + root().string());
    variables.push_back("BIN=" + (root() / "bin").string());
    variables.emplace_back("CNI_COMMAND=" + m_command);
    variables.emplace_back("CNI_IFNAME=eth0");
    return variables;
  }

  CommandResult run(const std::string& program, std::string_view input = k_config) {
    CommandOptions options;
    options.environment = environment();
    options.input = input;
    return value_or_throw(run_program({program}, options));
  }

  // The caller must not be able to tell the two apart.
  CommandResult expect_same(const std::string& name, std::string_view input = k_config) {
    CommandResult with = run(recorded(name), input);
    const CommandResult without = run(direct(name), input);
    EXPECT_EQ(with.out, without.out);
    EXPECT_EQ(with.err, without.err);
    EXPECT_EQ(with.exit_code, without.exit_code);
    EXPECT_EQ(with.signal, without.signal);
    return with;
  }

  std::vector<PluginCall> trace() { return m_collector->calls(); }

  std::vector<std::string> troubles(const std::vector<Interruption>& interruptions = {}) {
    return m_collector->troubles(interruptions);
  }

  PluginCall only_call() {
    auto calls = trace();
    EXPECT_THAT(calls, testing::SizeIs(1));
    return calls.empty() ? PluginCall{} : calls.front();
  }

  // The recorder as a process of its own, its standard input kept open, output and errors to `to`.
  pid_t start(const std::string& name, int input, int to) {
    std::vector<std::string> variables = environment();
    std::vector<char*> pointers;
    pointers.reserve(variables.size() + 1);
    for (auto& variable : variables) {
      pointers.push_back(variable.data());
    }
    pointers.push_back(nullptr);
    std::string path = recorded(name);
    char* arguments[] = {path.data(), nullptr};
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::dup2(input, STDIN_FILENO);
      ::dup2(to, STDOUT_FILENO);
      ::dup2(to, STDERR_FILENO);
      ::execve(path.c_str(), arguments, pointers.data());
      ::_exit(126);
    }
    return pid;
  }

  std::string m_command = "ADD";
  bool m_expects_no_trouble = true;
  CollectorOptions m_options;
  std::optional<Collector> m_collector;
};

struct Pipe {
  Fd read;
  Fd write;
  Pipe() {
    int fds[2];
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
};

// What comes until the end, or until nothing came for 10 seconds.
inline std::string read_to_end(int fd) {
  std::string text;
  char bytes[4096];
  pollfd ready = {fd, POLLIN, 0};
  while (::poll(&ready, 1, 10'000) > 0) {
    const ssize_t count = ::read(fd, bytes, sizeof(bytes));
    if (count <= 0) {
      return text;
    }
    text.append(bytes, static_cast<std::size_t>(count));
  }
  return text + "[no end]";
}

}  // namespace cni_matrix::recorder
