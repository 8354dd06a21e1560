// format_json [--check] FILE...: write each file in the style of the JSON that people write here,
// or only say which files are not in it.
#include "json_style.hpp"

#include "base/file.hpp"
#include "base/try.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::testing_support {

namespace {

// Whether the file was in the style before.
Expected<bool> format(const std::string& file, bool check) {
  TRY_ASSIGN(const auto text, read_file(file));
  TRY_ASSIGN(const auto wanted, in_json_style(text, file));
  if (text == wanted) {
    return true;
  }
  if (!check) {
    TRY(write_file(file, wanted));
  }
  return false;
}

int run(const std::vector<std::string>& words) {
  const bool check = !words.empty() && words.front() == "--check";
  bool good = true;
  for (auto file = words.begin() + (check ? 1 : 0); file != words.end(); ++file) {
    const auto formatted = format(*file, check);
    if (!formatted) {
      std::fprintf(stderr, "%s\n", formatted.error().message.c_str());
      good = false;
    } else if (!*formatted && check) {
      std::fprintf(stderr, "%s: is not as format_json writes it\n", file->c_str());
      good = false;
    }
  }
  return good ? 0 : 1;
}

}  // namespace

}  // namespace cni_matrix::testing_support

int main(int argc, char** argv) {
  return cni_matrix::testing_support::run({argv + 1, argv + argc});
}
