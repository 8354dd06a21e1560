#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

// The rooms of harness/ and their order, as their CMakeLists.txt say, against what is included.
namespace cni_matrix {
namespace {

using ::testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path k_root = CNI_MATRIX_SOURCE;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// Bottom up, as harness/CMakeLists.txt has them.
std::vector<std::string> rooms() {
  const auto text = text_of(k_root / "harness/CMakeLists.txt");
  std::smatch found;
  std::regex_search(text, found, std::regex("foreach\\(room ([^)]*)\\)"));
  return words_of(found[1].str());
}

std::set<std::string> uses_of(const std::string& room) {
  const auto text = text_of(k_root / "harness" / room / "CMakeLists.txt");
  std::smatch found;
  std::regex_search(text, found, std::regex("add_room\\(" + room + "\\s+USES ([^)]*)\\)"));
  std::set<std::string> uses;
  for (const auto& word : words_of(found[1].str())) {
    if (word == "LINK" || word == "FOLDERS") {
      break;
    }
    uses.insert(word);
  }
  return uses;
}

struct Source {
  fs::path file;
  std::string text;
};

// The sources of a room, and its public headers.
std::vector<Source> sources_of(const std::string& room) {
  std::vector<Source> sources;
  for (const auto& folder : {k_root / "harness" / room, k_root / "include/cni_matrix" / room}) {
    if (!fs::exists(folder)) {
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto extension = entry.path().extension();
      if (extension == ".cpp" || extension == ".hpp") {
        sources.push_back({entry.path().lexically_relative(k_root), text_of(entry.path())});
      }
    }
  }
  return sources;
}

// The room of what an #include names; empty when it is none of ours, or the file's own folder.
std::vector<std::string> included_rooms(const Source& source) {
  static const std::regex include("#include (?:<cni_matrix/|\")([a-z_]+)/");
  std::vector<std::string> included;
  for (auto it = std::sregex_iterator(source.text.begin(), source.text.end(), include);
       it != std::sregex_iterator(); ++it) {
    included.push_back((*it)[1].str());
  }
  return included;
}

TEST(Rooms, UseOnlyWhatIsBelowThem) {
  std::set<std::string> below;
  for (const auto& room : rooms()) {
    for (const auto& used : uses_of(room)) {
      EXPECT_TRUE(below.contains(used)) << room << " uses " << used << ", which is not below it";
    }
    below.insert(room);
  }
  EXPECT_GT(below.size(), 10U);
}

TEST(Rooms, IncludeOnlyWhatTheyUse) {
  std::vector<std::string> wrong;
  std::size_t seen = 0;
  const auto all = rooms();
  const std::set<std::string> known(all.begin(), all.end());
  for (const auto& room : all) {
    const auto uses = uses_of(room);
    for (const auto& source : sources_of(room)) {
      for (const auto& included : included_rooms(source)) {
        ++seen;
        if (included != room && known.contains(included) && !uses.contains(included)) {
          wrong.push_back(source.file.string() + ": " + room + " does not use " + included);
        }
      }
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
  EXPECT_GT(seen, 500U);
}

// What is not there for programs outside stands beside its source.
TEST(Rooms, PublicHeadersIncludeNoPrivateOnes) {
  std::vector<std::string> wrong;
  for (const auto& room : rooms()) {
    for (const auto& source : sources_of(room)) {
      const bool is_public = source.file.string().starts_with("include/");
      if (is_public && source.text.find("#include \"") != std::string::npos) {
        wrong.push_back(source.file.string());
      }
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Rooms, AreAllInTheListAndInTheReadme) {
  const auto all = rooms();
  const std::set<std::string> listed(all.begin(), all.end());
  const auto readme = text_of(k_root / "README.md");
  for (const auto& folder : {k_root / "harness", k_root / "include/cni_matrix"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_directory()) {
        EXPECT_TRUE(listed.contains(entry.path().filename().string())) << entry.path();
      }
    }
  }
  for (const auto& room : all) {
    EXPECT_NE(readme.find("| `" + room + "` |"), std::string::npos) << room;
  }
}

// tests/unit/ROOM/x_test.cpp is about harness/ROOM/x.cpp, or about a header of that name. The files
// of data, and the tree itself, have tests too.
TEST(Rooms, HaveTheTestOfASourceWhereOneLooksForIt) {
  std::vector<std::string> wrong;
  const auto tests = k_root / "tests/unit";
  for (const auto& entry : fs::recursive_directory_iterator(tests)) {
    const auto file = entry.path().lexically_relative(tests).string();
    const std::string end = "_test.cpp";
    if (!file.ends_with(end) || file.starts_with("rooms/") || file.starts_with("data/")) {
      continue;
    }
    const auto stem = file.substr(0, file.size() - end.size());
    if (!fs::exists(k_root / "harness" / (stem + ".cpp")) &&
        !fs::exists(k_root / "harness" / (stem + ".hpp")) &&
        !fs::exists(k_root / "include/cni_matrix" / (stem + ".hpp"))) {
      wrong.push_back(file);
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

// A room that holds much of the house is several things.
TEST(Rooms, HoldNoMoreThanAnEighthOfTheLines) {
  std::map<std::string, std::size_t> lines;
  std::size_t total = 0;
  for (const auto& room : rooms()) {
    for (const auto& source : sources_of(room)) {
      const auto count =
          static_cast<std::size_t>(std::count(source.text.begin(), source.text.end(), '\n'));
      lines[room] += count;
      total += count;
    }
  }
  for (const auto& [room, count] : lines) {
    EXPECT_LE(count * 8, total) << room << " has " << count << " of " << total << " lines";
  }
}

}  // namespace
}  // namespace cni_matrix
