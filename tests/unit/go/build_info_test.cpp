#include "go/build_info.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include <elf.h>
#include <sys/stat.h>

namespace cni_matrix::go {
namespace {

using testing::ElementsAre;
using testing::Pair;
namespace fs = std::filesystem;

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size, bool big) {
  for (std::size_t i = 0; i < size; ++i) {
    const auto shift = 8 * (big ? size - 1 - i : i);
    bytes[at + i] = static_cast<char>((value >> shift) & 0xffU);
  }
}

// As Go's linker frames it.
std::string framed(const std::string& modules) {
  return std::string(16, 'S') + modules + std::string(16, 'E');
}

std::string counted(const std::string& text) {
  std::string bytes;
  for (std::size_t length = text.size();; length >>= 7U) {
    if (length < 0x80) {
      bytes += static_cast<char>(length);
      return bytes + text;
    }
    bytes += static_cast<char>((length & 0x7fU) | 0x80U);
  }
}

constexpr std::uint64_t k_address = 0x400000;

struct Shape {
  bool wide = true;
  bool big = false;
  bool inline_strings = true;
};

// An ELF file with one writable segment that begins at k_address and holds the whole file; the
// information begins at a multiple of 16.
std::string go_file(const std::string& version, const std::string& modules, const Shape& shape) {
  constexpr std::size_t k_at = 256;
  std::string file(k_at, '\0');
  file.replace(0, SELFMAG, ELFMAG);
  file[EI_CLASS] = shape.wide ? ELFCLASS64 : ELFCLASS32;
  file[EI_DATA] = shape.big ? ELFDATA2MSB : ELFDATA2LSB;
  const std::size_t pointer = shape.wide ? 8 : 4;
  std::string info = "\xff Go buildinf:";
  info += static_cast<char>(pointer);
  info += static_cast<char>((shape.inline_strings ? 2 : 0) + (shape.big ? 1 : 0));
  info.resize(32, '\0');
  if (shape.inline_strings) {
    info += counted(version) + counted(modules);
  } else {
    // Two headers of strings, and the strings.
    const std::uint64_t headers = k_address + k_at + 32;
    put(info, 16, headers, pointer, shape.big);
    put(info, 16 + pointer, headers + 2 * pointer, pointer, shape.big);
    info.resize(32 + 4 * pointer, '\0');
    const auto texts = headers + 4 * pointer;
    put(info, 32, texts, pointer, shape.big);
    put(info, 32 + pointer, version.size(), pointer, shape.big);
    put(info, 32 + 2 * pointer, texts + version.size(), pointer, shape.big);
    put(info, 32 + 3 * pointer, modules.size(), pointer, shape.big);
    info += version + modules;
  }
  file += info;
  const std::size_t program_header = 64;
  if (shape.wide) {
    put(file, 32, program_header, 8, shape.big);
    put(file, 54, sizeof(Elf64_Phdr), 2, shape.big);
    put(file, 56, 1, 2, shape.big);
    put(file, program_header, PT_LOAD, 4, shape.big);
    put(file, program_header + 4, PF_R | PF_W, 4, shape.big);
    put(file, program_header + 16, k_address, 8, shape.big);
    put(file, program_header + 32, file.size(), 8, shape.big);
  } else {
    put(file, 28, program_header, 4, shape.big);
    put(file, 42, sizeof(Elf32_Phdr), 2, shape.big);
    put(file, 44, 1, 2, shape.big);
    put(file, program_header, PT_LOAD, 4, shape.big);
    put(file, program_header + 8, k_address, 4, shape.big);
    put(file, program_header + 16, file.size(), 4, shape.big);
    put(file, program_header + 24, PF_R | PF_W, 4, shape.big);
  }
  return file;
}

constexpr const char* k_modules =
    "path\tgithub.com/containerd/containerd/cmd/containerd\n"
    "mod\tgithub.com/containerd/containerd\tv1.6.2\th1:x=\n"
    "dep\tgithub.com/containernetworking/cni\tv1.0.1\th1:y=\n"
    "dep\tgithub.com/coreos/go-iptables\tv0.6.0\n"
    "=>\texample.org/fork\tv0.6.1\th1:z=\n"
    "build\t-ldflags=\"-X a.b=c -X 'd=\\\"e\\\"'\"\n"
    "build\tvcs.modified=false\n";

class BuildInfoTest : public testing::Test {
 protected:
  std::optional<BuildInfo> read(std::string_view bytes) {
    const auto file = m_directory.path() / "file";
    EXPECT_TRUE(write_file(file, bytes));
    auto info = read_build_info(file);
    EXPECT_TRUE(info);
    return info ? *info : std::nullopt;
  }
  TemporaryDirectory m_directory = *TemporaryDirectory::create();
};

TEST_F(BuildInfoTest, ReadsEveryShape) {
  for (const bool wide : {true, false}) {
    for (const bool big : {true, false}) {
      for (const bool inline_strings : {true, false}) {
        const auto info = read(go_file("go1.17.3", framed(k_modules), {wide, big, inline_strings}));
        ASSERT_TRUE(info) << wide << big << inline_strings;
        EXPECT_EQ(info->go_version, "go1.17.3");
        EXPECT_EQ(info->package, "github.com/containerd/containerd/cmd/containerd");
        EXPECT_EQ(info->main_path, "github.com/containerd/containerd");
        EXPECT_EQ(info->main_version, "v1.6.2");
        EXPECT_THAT(info->modules, ElementsAre(Pair("github.com/containernetworking/cni", "v1.0.1"),
                                               Pair("github.com/coreos/go-iptables",
                                                    "v0.6.0 => example.org/fork v0.6.1")));
        EXPECT_THAT(info->settings, ElementsAre(Pair("-ldflags", "-X a.b=c -X 'd=\"e\"'"),
                                                Pair("vcs.modified", "false")));
      }
    }
  }
}

TEST_F(BuildInfoTest, WithoutModulesTheVersionOfGoIsThere) {
  const auto info = read(go_file("go1.19.8", "", {}));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->go_version, "go1.19.8");
  EXPECT_TRUE(info->modules.empty());
}

TEST_F(BuildInfoTest, OtherFilesHaveNone) {
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("#!/bin/sh\n"));
  EXPECT_FALSE(read(ELFMAG));
  EXPECT_FALSE(read(std::string(ELFMAG) + std::string(2000, '\0')));
  EXPECT_FALSE(read(std::string(ELFMAG) + std::string(2000, '\xff')));
  EXPECT_FALSE(*read_build_info("/bin/sh"));
  EXPECT_FALSE(*read_build_info(m_directory.path()));
  const auto pipe = m_directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(*read_build_info(pipe));
  const auto none = read_build_info(m_directory.path() / "none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::input);
}

// Each of its bytes changed, and cut at each place: never a crash, a hang or a byte from elsewhere.
TEST_F(BuildInfoTest, DamagedFilesAreHarmless) {
  for (const Shape shape :
       {Shape{true, false, true}, Shape{true, false, false}, Shape{false, true, false}}) {
    const auto whole = go_file("go1.17.3", framed(k_modules), shape);
    for (std::size_t i = 0; i < whole.size(); i += 1 + i / 64) {
      (void)read(std::string_view(whole).substr(0, i));
      for (const char byte : {'\0', '\x7f', '\x80', '\xff'}) {
        auto changed = whole;
        changed[i] = byte;
        (void)read(changed);
      }
    }
    std::mt19937 random(5);  // NOLINT(cert-msc51-cpp)
    for (int i = 0; i < 2000; ++i) {
      auto changed = whole;
      for (int j = 0; j < 8; ++j) {
        changed[random() % changed.size()] = static_cast<char>(random());
      }
      (void)read(changed);
    }
  }
}

TEST_F(BuildInfoTest, LengthsAndAddressesAreNotBelieved) {
  // A string that is longer than the file, and one whose address is near the end of all addresses.
  auto file = go_file("go1.17.3", "", {true, false, false});
  put(file, 256 + 40, 1ULL << 60U, 8, false);
  EXPECT_FALSE(read(file));
  file = go_file("go1.17.3", "", {true, false, false});
  put(file, 256 + 32, ~0ULL - 3, 8, false);
  EXPECT_FALSE(read(file));
  file = go_file("go1.17.3", "", {true, false, false});
  put(file, 256 + 16, ~0ULL, 8, false);
  EXPECT_FALSE(read(file));
  // A count of 2^35 bytes.
  file = go_file("go1.17.3", "", {true, false, true});
  file.replace(256 + 32, 5, "\xff\xff\xff\xff\x7f");
  EXPECT_FALSE(read(file));
}

// What this machine's own Go compiler writes.
TEST_F(BuildInfoTest, ReadsARealExecutable) {
  if (find_program("go").empty()) {
    GTEST_SKIP() << "the Go compiler (package golang-go) is not installed";
  }
  const auto source = m_directory.path() / "source";
  fs::create_directories(source / "dependency");
  ASSERT_TRUE(write_file(source / "go.mod",
                         "module example.org/program\n\ngo 1.16\n\n"
                         "require example.org/dependency v1.2.3\n\n"
                         "replace example.org/dependency v1.2.3 => ./dependency\n"));
  ASSERT_TRUE(write_file(source / "main.go",
                         "package main\n\nimport \"example.org/dependency\"\n\n"
                         "var version = \"none\"\n\n"
                         "func main() { println(version, dependency.Name) }\n"));
  ASSERT_TRUE(write_file(source / "dependency/go.mod", "module example.org/dependency\n"));
  ASSERT_TRUE(write_file(source / "dependency/d.go", "package dependency\n\nconst Name = \"d\"\n"));
  CommandOptions options;
  options.environment = fixed_environment();
  for (const std::string& variable :
       {std::string("GO111MODULE=on"), std::string("GOPROXY=off"), std::string("GOFLAGS=-mod=mod"),
        std::string("GOTOOLCHAIN=local"), "GOCACHE=" + (m_directory.path() / "cache").string(),
        "GOPATH=" + (m_directory.path() / "path").string()}) {
    options.environment.push_back(variable);
  }
  options.working_directory = source;
  options.timeout = std::chrono::minutes(5);
  const auto program = m_directory.path() / "program";
  const auto built = run_program(
      {"go", "build", "-ldflags", "-X main.version=1.1.5", "-o", program.string(), "."}, options);
  ASSERT_TRUE(built) << built.error().message;
  ASSERT_TRUE(built->ok()) << built->err;
  const auto told = run_program({"go", "env", "GOVERSION"}, options);
  ASSERT_TRUE(told && told->ok());
  const auto info = read_build_info(program);
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->go_version + "\n", told->out);
  EXPECT_EQ((*info)->package, "example.org/program");
  EXPECT_EQ((*info)->main_path, "example.org/program");
  EXPECT_EQ((*info)->modules.at("example.org/dependency"), "v1.2.3 => ./dependency (devel)");
  EXPECT_EQ((*info)->settings.at("-ldflags"), "-X main.version=1.1.5");
}

}  // namespace
}  // namespace cni_matrix::go
