#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

// What CONTRIBUTING.md sends a newcomer to is there.
namespace cni_matrix {
namespace {

namespace fs = std::filesystem;

const fs::path k_root = CNI_MATRIX_SOURCE;

// `harness/report/NAME.cpp` stands for any file: what is before the capitals has to be there.
fs::path without_placeholder(const std::string& path) {
  static const std::regex placeholder("[A-Z]{2,}.*");
  return path.ends_with(".md") ? path : std::regex_replace(path, placeholder, "");
}

TEST(Contributing, NamesWhatIsThere) {
  std::ifstream stream(k_root / "CONTRIBUTING.md");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  static const std::regex quoted("`((?:harness|include|matrix|scenarios|tests|ci)/[^` ]*)`");
  std::vector<std::string> missing;
  std::size_t seen = 0;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), quoted);
       it != std::sregex_iterator(); ++it) {
    ++seen;
    const auto path = (*it)[1].str();
    if (!fs::exists(k_root / without_placeholder(path))) {
      missing.push_back(path);
    }
  }
  EXPECT_THAT(missing, testing::IsEmpty());
  EXPECT_GT(seen, 40U);
}

}  // namespace
}  // namespace cni_matrix
