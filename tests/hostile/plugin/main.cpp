// A CNI plugin that tries to get out of the node that it is called in. Its configuration says what
// to do on ADD: {"type": "hostile", "hostile": {"do": "attempts", "target": {...}}}. Under another
// name ("loopback") and for other commands it only answers.

#include "deeds.hpp"
#include "plain.hpp"
#include "target_json.hpp"
#include "tools.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace hostile {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string standard_input() {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

void act(const nlohmann::json& configuration) {
  const auto hostile = configuration.find("hostile");
  if (hostile == configuration.end()) {
    return;
  }
  const auto target = hostile->at("target").get<Target>();
  const auto deed = hostile->at("do").get<std::string>();
  if (deed == "attempts") {
    try_all(target, STDERR_FILENO);
  } else if (!commit(deed, target)) {
    std::fprintf(stderr, "hostile: %s is not done here\n", deed.c_str());
  }
}

int answer() {
  const auto command = variable("CNI_COMMAND");
  const auto configuration = nlohmann::json::parse(standard_input(), nullptr, false);
  const auto version =
      configuration.is_object() ? configuration.value("cniVersion", "1.0.0") : "1.0.0";
  nlohmann::json result;
  if (command == "VERSION") {
    result = {{"cniVersion", version}, {"supportedVersions", {"0.3.0", "0.3.1", "0.4.0", "1.0.0"}}};
  } else if (command == "ADD") {
    if (configuration.is_object()) {
      act(configuration);
    }
    result = {
        {"cniVersion", version},
        {"interfaces", {{{"name", variable("CNI_IFNAME")}, {"sandbox", variable("CNI_NETNS")}}}},
        {"ips", {{{"address", "10.97.0.2/24"}, {"interface", 0}}}},
        {"dns", nlohmann::json::object()}};
  } else {
    std::fputs(program_notes().c_str(), stderr);
    return 0;
  }
  std::puts(result.dump().c_str());
  return 0;
}

int run(int count, char** words) {
  const std::string_view what = count > 1 ? words[1] : "";
  if (what == "plain" && count == 3) {
    return run_plain(nlohmann::json::parse(read_text(words[2])).get<Target>());
  }
  if (what == "decoy" && count >= 4) {
    return be_decoy(words[2], words[3]);
  }
  if (count > 0 && act_as_program(words[0])) {
    return 0;
  }
  act_at_start();
  if (what == "--version" || what == "-v") {
    std::puts("containerd github.com/containerd/containerd 1.6.20 0");
    return 0;
  }
  return answer();
}

}  // namespace
}  // namespace hostile

int main(int argc, char** argv) {
  try {
    return hostile::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hostile: %s\n", error.what());
    return 1;
  }
}
