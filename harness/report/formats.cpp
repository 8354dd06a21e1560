#include "formats.hpp"

#include "json.hpp"
#include "junit.hpp"

#include "base/try.hpp"

#include <algorithm>
#include <utility>

namespace cni_matrix::report {

const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {"json", "write the run to this file (- for stdout)", make_json_reporter},
      {"junit", "write JUnit XML to this file", make_junit_reporter},
  };
  return all;
}

// The nearest to a person first, and so the last of the table.
std::vector<std::string> format_names() {
  std::vector<std::string> names = {"console"};
  std::transform(formats().rbegin(), formats().rend(), std::back_inserter(names),
                 [](const Format& format) { return std::string(format.name); });
  return names;
}

const Format* find_format(std::string_view name) {
  const auto found = std::find_if(formats().begin(), formats().end(),
                                  [&](const Format& format) { return format.name == name; });
  return found == formats().end() ? nullptr : &*found;
}

Expected<void> add_reporters(const ReportFiles& files, Reporters& reporters) {
  for (const auto& format : formats()) {
    const auto file = files.find(std::string(format.name));
    if (file != files.end() && !file->second.empty()) {
      TRY_ASSIGN(auto reporter, format.make(file->second));
      reporters.add(std::move(reporter));
    }
  }
  return {};
}

bool uses_standard_output(const ReportFiles& files) {
  return std::any_of(files.begin(), files.end(),
                     [](const auto& file) { return file.second == "-"; });
}

}  // namespace cni_matrix::report
