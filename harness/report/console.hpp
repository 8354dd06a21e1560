#pragma once

#include <cni_matrix/run/listener.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cni_matrix::report {

enum class Verbosity {
  quiet,    // failures and the summary line
  normal,   // the tables too, and each failure as it happens
  verbose,  // every cell as it ends, and all cells of a group
};

struct ConsoleOptions {
  Verbosity verbosity = Verbosity::normal;
  // Of --color; otherwise what the stream can show, and NO_COLOR.
  std::optional<bool> colour;
  // Otherwise by the locale (LC_ALL, LC_CTYPE, LANG); false draws in ASCII.
  std::optional<bool> unicode;
  // A saved run is shown: no status line.
  bool replay = false;
  // A line for a cell as it ends: each with Verbosity::verbose, else the bad ones.
  bool cells_as_they_end = true;
  // Where notices go, which are no part of the report; null: to the report's stream.
  std::FILE* notices = nullptr;
  // The title of a known behaviour by its id; an empty text when there is none.
  std::function<std::string(const std::string& id)> title_of;
  std::chrono::seconds heartbeat{10};
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// For a person. Nothing that a plugin, a containerd or a file name says can steer the terminal: all
// texts are shown with their control characters escaped. `stream` must outlive the reporter.
std::unique_ptr<run::Listener> make_console_reporter(std::FILE* stream, ConsoleOptions options);

}  // namespace cni_matrix::report
