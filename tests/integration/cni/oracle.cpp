#include "oracle.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "go/base64.hpp"
#include "go/format.hpp"
#include "go/json_parse.hpp"
#include "go/json_print.hpp"
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <ostream>

namespace cni_matrix::testing {

namespace fs = std::filesystem;

namespace {

std::string from_environment(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::move(otherwise) : value;
}

Expected<Version> packaged_version() {
  if (const char* version = std::getenv("CNI_MATRIX_TEST_LIBCNI_VERSION")) {
    return Version::parse(version);
  }
  const auto query =
      run_program({"dpkg-query", "-W", "-f", "${Version}", "golang-github-appc-cni-dev"});
  if (!query || !query->ok()) {
    return unavailable("the package golang-github-appc-cni-dev (libcni) is not installed");
  }
  return Version::parse(query->out.substr(0, query->out.find('-')));
}

std::string describe(const cni::NetworkConfigList& list, const cni::LibcniTraits& traits) {
  std::string text = fmt::format("{} {} {}", go::quote(list.name), go::quote(list.cni_version),
                                 list.disable_check);
  for (const auto& plugin : list.plugins) {
    text +=
        "\n" + plugin.bytes + "\n" + go::marshal(cni::to_value(plugin.network, traits)) + " <nil>";
  }
  return text;
}

class Model {
 public:
  Model(const Version& libcni, const Directories& directories)
      : m_traits(cni::LibcniTraits::of(libcni)),
        m_library(m_traits, {directories.plugins}, directories.cache, fixed_environment()) {}

  go::Decoded<std::string> run(const Operation& operation) {
    if (operation.op == "write") {
      value_or_throw(write_file(operation.file, operation.bytes));
      return std::string();
    }
    if (operation.op == "list") {
      return cni::conf_list_from_bytes(operation.bytes, m_traits).map([&](const auto& list) {
        return describe(list, m_traits);
      });
    }
    if (operation.op == "conf") {
      return cni::conf_from_bytes(operation.bytes, m_traits)
          .and_then([&](const auto& conf) { return cni::conf_list_from_conf(conf, m_traits); })
          .map([&](const auto& list) { return describe(list, m_traits) + "\n" + list.bytes; });
    }
    if (operation.op == "result") {
      return cni::create_result(operation.version, operation.bytes, m_traits.results)
          .and_then([&](const auto& result) {
            return cni::get_as_version(result, operation.to, m_traits.results);
          })
          .map([&](const auto& result) { return marshalled(result); });
    }
    const auto list = load(operation.file);
    if (!list) {
      return tl::unexpected(list.error());
    }
    if (operation.op == "load") {
      return describe(*list, m_traits);
    }
    if (operation.op == "add") {
      return m_library.add_network_list(*list, operation.runtime).map([&](const auto& result) {
        return marshalled(result);
      });
    }
    if (operation.op == "check") {
      return m_library.check_network_list(*list, operation.runtime).map([] {
        return std::string();
      });
    }
    if (operation.op == "gc") {
      return m_library.gc_network_list(*list, operation.valid, operation.runtime.deadline).map([] {
        return std::string();
      });
    }
    return m_library.del_network_list(*list, operation.runtime).map([] { return std::string(); });
  }

 private:
  [[nodiscard]] std::string marshalled(const cni::Result& result) const {
    return go::marshal(cni::to_value(result, m_traits.results));
  }
  [[nodiscard]] go::Decoded<cni::NetworkConfigList> load(const std::string& file) const {
    if (fs::path(file).extension() == ".conflist") {
      return cni::conf_list_from_file(file, m_traits);
    }
    return cni::conf_from_file(file, m_traits).and_then([&](const auto& conf) {
      return cni::conf_list_from_conf(conf, m_traits);
    });
  }

  cni::LibcniTraits m_traits;
  cni::Libcni m_library;
};

Json to_json(const Operation& operation) {
  Json json = {{"Op", operation.op},
               {"File", operation.file},
               {"Bytes", go::base64(operation.bytes)},
               {"Version", operation.version},
               {"To", operation.to},
               {"ID", operation.runtime.container_id},
               {"NetNS", operation.runtime.netns},
               {"IfName", operation.runtime.interface}};
  for (const auto& [key, value] : operation.runtime.arguments) {
    json["Args"].push_back({key, value});
  }
  for (const auto& [id, interface] : operation.valid) {
    json["Valid"].push_back({id, interface});
  }
  if (!operation.runtime.capabilities.members.empty()) {
    json["Capabilities"] = Json::parse(go::marshal(operation.runtime.capabilities));
  }
  return json;
}

}  // namespace

void PrintTo(const Answer& answer, std::ostream* out) {
  *out << "\n  error:  " << answer.error << "\n  output: " << answer.output;
  for (const auto& [name, text] : answer.files) {
    *out << "\n  cache:  " << name << " " << text;
  }
  *out << "\n";
}

Expected<Oracle> Oracle::build() {
  const fs::path gopath = from_environment("CNI_MATRIX_TEST_LIBCNI_GOPATH", "/usr/share/gocode");
  const auto go = from_environment("CNI_MATRIX_TEST_GO", find_program("go").string());
  if (go.empty()) {
    return unavailable("the Go compiler (package golang-go) is not installed");
  }
  if (!fs::exists(gopath / "src/github.com/containernetworking/cni/libcni")) {
    return unavailable("{} has no libcni (package golang-github-appc-cni-dev)", gopath.string());
  }
  TRY_ASSIGN(const auto version, packaged_version());
  static TemporaryDirectory directory = value_or_throw(TemporaryDirectory::create());
  const fs::path program = directory.path() / "oracle";
  CommandOptions options;
  options.environment = fixed_environment();
  for (const std::string& variable :
       {std::string("GO111MODULE=off"), "GOPATH=" + gopath.string(),
        "GOCACHE=" + (directory.path() / "cache").string(), std::string("GOFLAGS=-p=2")}) {
    options.environment.push_back(variable);
  }
  options.working_directory = CNI_MATRIX_ORACLE;
  options.timeout = std::chrono::minutes(5);
  const bool has_gc = cni::LibcniTraits::of(version).collects_garbage;
  TRY_ASSIGN(const auto result, run_program({go, "build", "-tags", has_gc ? "libcni_gc" : "", "-o",
                                             program.string(), "."},
                                            options));
  if (!result.ok()) {
    return broken("go build of the oracle failed: {}", result.err);
  }
  return Oracle(program, version);
}

Expected<std::vector<Answer>> Oracle::run(const std::vector<Operation>& operations,
                                          const Directories& directories) const {
  Json request = {{"PluginDir", directories.plugins.string()},
                  {"CacheDir", directories.cache.string()},
                  {"Operations", Json::array()}};
  for (const auto& operation : operations) {
    request["Operations"].push_back(to_json(operation));
  }
  const std::string input = request.dump();
  CommandOptions options;
  options.input = input;
  options.environment = fixed_environment();
  options.timeout = std::chrono::minutes(2);
  options.output_limit = 256U << 20U;
  TRY_ASSIGN(const auto result, run_program({m_program.string()}, options));
  if (!result.ok()) {
    return broken("the oracle failed: {}", result.err);
  }
  std::vector<Answer> answers;
  for (const auto& json : Json::parse(result.out)) {
    Answer answer{json.at("Error"), json.at("Output"), {}};
    if (json.at("Files").is_object()) {
      answer.files = json.at("Files").get<std::map<std::string, std::string>>();
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<Answer> run_model(const Version& libcni, const std::vector<Operation>& operations,
                              const Directories& directories) {
  Model model(libcni, directories);
  std::vector<Answer> answers;
  for (const auto& operation : operations) {
    Answer answer;
    if (auto output = model.run(operation)) {
      answer.output = *output;
    } else {
      answer.error = output.error();
    }
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(directories.cache / "results", none)) {
      if (!entry.is_regular_file()) {
        continue;  // libcni 0.7 lets a network's name have a slash
      }
      answer.files[entry.path().filename()] = go::base64(value_or_throw(read_file(entry.path())));
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace cni_matrix::testing
