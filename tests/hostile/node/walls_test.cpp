// Every attempt that a plain process gets through with is refused in a node, and the host is as it
// was. The table of all of them is printed, and written to the build folder.

#include "host.hpp"
#include "host_state.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <map>

namespace cni_matrix::hostile_tests {
namespace {

namespace fs = std::filesystem;
using testing_support::host_state;

struct Row {
  std::string area;
  std::string attempt;
  std::map<std::string, std::string> outcomes;  // by column: "reached", "EPERM", ...
  std::map<std::string, std::string> details;
};

constexpr const char* k_plain = "without our node";
constexpr const char* k_node = "in a node";
constexpr const char* k_privileged = "with --privileged";
// Named as in the plugin; with --privileged it is as readable as it is to root.
constexpr const char* k_executable = "open the harness's executable (/proc/*/exe)";
constexpr std::size_t k_least_attempts = 25;
constexpr std::size_t k_least_as_user = 15;

class Table {
 public:
  void add(const std::string& column, const std::string& lines) {
    for (const auto& line : split(lines, '\n')) {
      const auto value = nlohmann::json::parse(line, nullptr, false);
      if (!value.is_object() || !value.contains("attempt")) {
        continue;
      }
      auto& row = row_of(value.at("area"), value.at("attempt"));
      auto outcome = value.at("outcome").get<std::string>();
      if (outcome == "refused" && !value.at("error").get<std::string>().empty()) {
        outcome = value.at("error").get<std::string>();
      }
      row.outcomes[column] = outcome;
      row.details[column] = value.at("detail").get<std::string>();
    }
  }

  [[nodiscard]] const std::vector<Row>& rows() const { return m_rows; }

  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("{:14} {:46} {:18} {:18} {:18} {}\n", "area", "attempt", k_plain,
                                   k_node, k_privileged, "counted");
    for (const auto& row : m_rows) {
      const auto cell = [&row](const char* column) {
        const auto found = row.outcomes.find(column);
        return found == row.outcomes.end() ? std::string("-") : found->second;
      };
      const bool counts = cell(k_plain) == "reached";
      text +=
          fmt::format("{:14} {:46} {:18} {:18} {:18} {}\n", row.area, row.attempt, cell(k_plain),
                      cell(k_node), cell(k_privileged),
                      cell(k_plain) == "not applicable" ? "no: cannot be tried here"
                      : !counts                         ? "no: refused there too"
                      : cell(k_node) == "reached" ? "yes: NO WALL (" + row.details.at(k_node) + ")"
                                                  : "yes");
    }
    return text;
  }

 private:
  Row& row_of(const std::string& area, const std::string& attempt) {
    for (auto& row : m_rows) {
      if (row.attempt == attempt) {
        return row;
      }
    }
    return m_rows.emplace_back(Row{area, attempt, {}, {}});
  }

  std::vector<Row> m_rows;
};

// The binaries of Debian's containerd as a folder of the user's own; empty where they cannot be
// had.
fs::path debian_containerd(const Host& host) {
  const std::vector<std::string> fixed = {
      "PATH=" + std::string(k_system_path),
      "HOME=" + std::string(::geteuid() == 0 ? "/root" : (host.folder() / "home").string())};
  CommandOptions options;
  options.environment = fixed;
  options.timeout = std::chrono::minutes(4);
  static_cast<void>(
      run_program({CNI_MATRIX_PROGRAM, "fetch", "--containerd", "debian:bookworm"}, options));
  const auto list = run_program({CNI_MATRIX_PROGRAM, "store", "list", "--json"}, options);
  const auto entries = nlohmann::json::parse(list ? list->out : "", nullptr, false);
  for (const auto& entry : entries) {
    if (entry.value("component", "") == "containerd" && entry.value("version", "") == "1.6.20") {
      auto folder = host.own_folder("containerd");
      for (const auto& file : fs::directory_iterator(entry.at("directory").get<std::string>())) {
        fs::copy_file(file.path(), folder / file.path().filename());
        host.give(folder / file.path().filename());
      }
      return folder;
    }
  }
  return {};
}

// "root" and "user" are who runs it; "embedded" and "daemon" the runtime that calls the plugin.
using Parameters = std::tuple<std::string, std::string>;

class Walls : public testing::TestWithParam<Parameters> {
 protected:
  void SetUp() override {
    if (const auto reason = cannot_be(std::get<0>(GetParam()))) {
      GTEST_SKIP() << *reason;
    }
  }
};

TEST_P(Walls, RefuseEveryAttempt) {
  const auto& [user, runtime] = GetParam();
  const Host host(user);
  Words more;
  if (runtime == "daemon") {
    const auto containerd = debian_containerd(host);
    if (containerd.empty()) {
      GTEST_SKIP() << "Debian's containerd cannot be had here";
    }
    more = {"--containerd", "dir:" + containerd.string() + "@1.6.20", "--runtime", "daemon"};
  }

  Table table;
  table.add(k_plain, host.in_plain_process());
  EXPECT_EQ(host.changes(), "");
  const auto before = host_state();
  CommandResult said;
  const auto run = host.run_plugin("attempts", more, &said);
  ASSERT_TRUE(run.is_object() && !run.at("cells").empty()) << said.out << said.err;
  const auto& cell = run.at("cells").front();
  table.add(k_node, said_on_add(cell));
  if (user == "root" && has_privileged()) {
    auto privileged = more;
    privileged.emplace_back("--privileged");
    const auto other = host.run_plugin("attempts", privileged, &said);
    EXPECT_TRUE(other.is_object()) << said.out << said.err;
    if (other.is_object() && !other.at("cells").empty()) {
      table.add(k_privileged, said_on_add(other.at("cells").front()));
    }
  }

  const auto text = table.text();
  fmt::print("{}\n{}", user + ", " + runtime, text);
  fs::create_directories(CNI_MATRIX_HOSTILE_TABLES);
  value_or_throw(
      write_file(fmt::format("{}/{}-{}.txt", CNI_MATRIX_HOSTILE_TABLES, user, runtime), text));

  std::size_t counted = 0;
  for (const auto& row : table.rows()) {
    ASSERT_TRUE(row.outcomes.contains(k_plain)) << row.attempt;
    ASSERT_TRUE(row.outcomes.contains(k_node)) << row.attempt << said.out << cell.dump(1);
    // Even without a user namespace, what judges a plugin is out of its sight and reach.
    if (row.area == "processes" && row.attempt != k_executable &&
        row.outcomes.contains(k_privileged)) {
      EXPECT_NE(row.outcomes.at(k_privileged), "reached") << row.attempt;
    }
    counted += row.outcomes.at(k_plain) == "reached" ? 1 : 0;
    // What a plain process cannot do counts for nothing, but a node must not make it possible.
    EXPECT_NE(row.outcomes.at(k_node), "reached") << row.attempt << ": " << row.details.at(k_node);
  }
  // An ordinary user's plain process is refused more.
  EXPECT_GE(table.rows().size(), k_least_attempts);
  EXPECT_GE(counted, user == "root" ? k_least_attempts : k_least_as_user);
  RecordProperty("attempts", static_cast<int>(table.rows().size()));
  RecordProperty("counted", static_cast<int>(counted));
  EXPECT_EQ(host.changes(), "");
  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(cell.at("verdict"), "pass") << cell.dump(1).substr(0, 4000);
}

INSTANTIATE_TEST_SUITE_P(As, Walls,
                         testing::Combine(testing::Values("root", "user"),
                                          testing::Values("embedded", "daemon")),
                         [](const auto& parameter) {
                           return std::get<0>(parameter.param) + "_" + std::get<1>(parameter.param);
                         });

}  // namespace
}  // namespace cni_matrix::hostile_tests
