#include "debian.hpp"
#include "debian_suites.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace cni_matrix::artifacts {

namespace {

// A suite of the security archive: "bookworm-security", and "buster/updates" of old.
bool is_security_suite(std::string_view suite) {
  for (const std::string_view tail : {"-security", "/updates"}) {
    if (suite.ends_with(tail)) {
      suite.remove_suffix(tail.size());
      return is_debian_suite(suite);
    }
  }
  return false;
}

std::vector<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> list;
  for (std::string word; stream >> word;) {
    list.push_back(word);
  }
  return list;
}

void consider(DebianArchives& archives, const std::string& address, std::string_view suite) {
  if (address.starts_with("cdrom:")) {
    return;
  }
  if (is_debian_suite(suite) && archives.main.empty()) {
    archives.main = address;
  } else if (is_security_suite(suite) && archives.security.empty()) {
    archives.security = address;
  }
}

// deb [options] address suite component...
void read_list(DebianArchives& archives, std::string_view text) {
  for (const auto& line : split(text, '\n')) {
    auto parts = words(std::string_view(line).substr(0, line.find('#')));
    if (parts.size() < 3 || parts[0] != "deb") {
      continue;
    }
    std::size_t at = 1;
    if (parts[at].starts_with('[')) {
      while (at < parts.size() && !parts[at].ends_with(']')) {
        ++at;
      }
      ++at;
    }
    if (at + 1 < parts.size()) {
      consider(archives, parts[at], parts[at + 1]);
    }
  }
}

// Paragraphs of "Field: value" (deb822(5)).
void read_sources(DebianArchives& archives, std::string_view text) {
  std::map<std::string, std::string> fields;
  std::string last;
  const auto end_of_paragraph = [&] {
    const auto types = words(fields["types"]);
    const auto enabled = fields["enabled"];
    if (std::find(types.begin(), types.end(), "deb") != types.end() && enabled != "no" &&
        enabled != "false") {
      for (const auto& address : words(fields["uris"])) {
        for (const auto& suite : words(fields["suites"])) {
          consider(archives, address, suite);
        }
      }
    }
    fields.clear();
  };
  for (const auto& line : split(text, '\n')) {
    if (line.starts_with('#')) {
      continue;
    }
    if (trim(line).empty()) {
      end_of_paragraph();
      continue;
    }
    if (std::isspace(static_cast<unsigned char>(line.front())) != 0) {
      fields[last] += " " + line;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string::npos) {
      continue;
    }
    last = line.substr(0, colon);
    std::transform(last.begin(), last.end(), last.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    fields[last] = trim(std::string_view(line).substr(colon + 1));
  }
  end_of_paragraph();
}

}  // namespace

DebianArchives host_archives(const std::filesystem::path& etc_apt) {
  std::vector<std::filesystem::path> files{etc_apt / "sources.list"};
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(etc_apt / "sources.list.d", error)) {
    files.push_back(item.path());
  }
  std::sort(files.begin() + 1, files.end());
  DebianArchives archives;
  for (const auto& file : files) {
    const auto text = read_file(file);
    if (!text) {
      continue;
    }
    if (file.extension() == ".list") {
      read_list(archives, *text);
    } else if (file.extension() == ".sources") {
      read_sources(archives, *text);
    }
  }
  return archives;
}

Expected<Version> upstream_version(std::string_view package_version) {
  auto text = package_version;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    text.remove_prefix(colon + 1);  // epoch
  }
  text = text.substr(0, text.rfind('-'));  // revision
  text = text.substr(0, text.find('+'));   // +ds1, +dfsg
  for (const std::string_view repacked : {"~ds", "~dfsg"}) {
    text = text.substr(0, text.find(repacked));
  }
  std::string semantic(text);
  std::replace(semantic.begin(), semantic.end(), '~', '-');
  return Version::parse(semantic);
}

}  // namespace cni_matrix::artifacts
