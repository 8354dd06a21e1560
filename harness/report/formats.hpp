#pragma once

#include "reporters.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::report {

// A report that goes to a file: `run --NAME FILE` and `report --format NAME` make it. The console's
// is none of them: it takes a stream and options of its own.
struct Format {
  std::string_view name;
  std::string_view help;  // of the option of `run`
  // "-" is standard output. Error kind: input, when the file cannot be written.
  Expected<std::unique_ptr<run::Listener>> (*make)(const std::filesystem::path& file);
};

// All of them, in the order of run's options.
const std::vector<Format>& formats();

// What `report --format` takes, with the console first.
std::vector<std::string> format_names();

// Null when there is none of that name, as for the console.
const Format* find_format(std::string_view name);

// The file of each format by the format's name; an empty one: no such report.
using ReportFiles = std::map<std::string, std::filesystem::path>;

// Error kind: input, when a file cannot be written.
Expected<void> add_reporters(const ReportFiles& files, Reporters& reporters);

// Whether one of them goes to standard output, which is left to it alone then.
bool uses_standard_output(const ReportFiles& files);

}  // namespace cni_matrix::report
