// What is known of a cell that the harness could not bring to an end.

#include "program.hpp"

#include "base/file.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <sys/stat.h>

namespace cni_matrix {
namespace {

using testing::HasSubstr;
using testing_support::program;

// The real one until its root is prepared; in a cell it says a lot, and then ends.
constexpr const char* k_containerd = R"(#!/bin/sh
if [ ! -d /var/lib/containerd/io.containerd.content.v1.content ]; then
  exec "$(dirname "$0")/containerd.real" "$@"
fi
i=0
while [ $i -lt 40 ]; do
  echo "line $i of the log"
  i=$((i + 1))
done
exit 1
)";

Json run(const std::string& containerd, const std::filesystem::path& json) {
  const auto result = program({"run", "--containerd", containerd, "--plugins", "debian:bookworm",
                               "--runtime", "daemon", "--scenario", "lifecycle", "--cni-version",
                               "1.0.0", "--json", json.string()});
  const auto saved = load_json(json);
  return saved ? saved->at("cells").at(0) : Json{{"verdict", result.err}};
}

TEST(BrokenCell, KeepsItsLog) {
  if (const auto privileges = node::check_privileges(); !privileges) {
    GTEST_SKIP() << privileges.error().message;
  }
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto real = run("debian:bookworm", directory.path() / "real.json");
  if (real.at("verdict") != "pass") {
    GTEST_SKIP() << real.dump();
  }
  const auto stack = directory.path() / "stack";
  std::filesystem::copy(real.at("containerd").at("directory").get<std::string>(), stack);
  std::filesystem::rename(stack / "containerd", stack / "containerd.real");
  value_or_throw(write_file(stack / "containerd", k_containerd));
  ::chmod((stack / "containerd").c_str(), 0755);
  const auto cell = run("dir:" + stack.string() + "@1.6.20", directory.path() / "run.json");
  EXPECT_EQ(cell.at("verdict"), "broken");
  // Its reason quotes the last lines only.
  EXPECT_THAT(cell.value("log", ""), HasSubstr("line 0 of the log"));
}

}  // namespace
}  // namespace cni_matrix
