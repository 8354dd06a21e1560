#include "https_server.hpp"

#include "artifacts/catalog.hpp"
#include "artifacts/store.hpp"
#include "base/digest.hpp"
#include "base/file.hpp"
#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include <elf.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <archive_builder.hpp>
#include <in_child.hpp>
#include <silent_server.hpp>

namespace cni_matrix::artifacts {
namespace {

using test::ArchiveBuilder;
using test::Behaviour;
using test::HttpsServer;
using test::k_script;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::in_child;
using testing_support::SilentServer;
namespace fs = std::filesystem;

constexpr const char* k_version = "90.1.0";

// Bytes that do not compress, so that a file has a size to be cut in.
std::string noise(std::size_t size) {
  std::string text;
  text.reserve(size);
  for (unsigned x = 1; text.size() < size;) {
    x = x * 1664525U + 1013904223U;
    text += static_cast<char>(x >> 24U);
  }
  return text;
}

std::string script_of(std::size_t size) {
  return std::string(k_script) + noise(size);
}

// A release server, a catalog that names its files, and a cache.
class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() : m_server(m_ca) {
    m_options.mirror = m_server.url();
    m_options.ca_file = m_ca;
    m_options.extra_catalogs = {m_directory.path() / "catalog.json"};
    m_options.retry_pause = std::chrono::milliseconds(5);
    m_options.notice = [](std::string_view text) { fmt::print("{}\n", text); };
  }

  // In upstream's layout.
  static std::string path_of(Component component, const std::string& version = k_version) {
    const auto architecture = host_architecture();
    switch (component) {
      case Component::containerd:
        return fmt::format(
            "/containerd/containerd/releases/download/v{0}/containerd-{0}-linux-{1}.tar.gz",
            version, architecture);
      case Component::plugins:
        return fmt::format(
            "/containernetworking/plugins/releases/download/v{0}/cni-plugins-linux-{1}-v{0}.tgz",
            version, architecture);
      case Component::runc:
        return fmt::format("/opencontainers/runc/releases/download/v{}/runc.{}", version,
                           architecture);
    }
    return {};
  }

  // What the catalog of the test says of this component: `digest`, or that of the body.
  // `also`: other versions that have it.
  void publish(Component component, Behaviour behaviour, std::string digest = {},
               const std::vector<std::string>& also = {}) {
    if (digest.empty()) {
      digest = sha256(behaviour.body);
    }
    auto path = path_of(component).substr(1);
    auto& entry = m_catalog[std::string(name_of(component))];
    entry = {{"base", "https://unused.invalid"},
             {"paths", Json::array({{{"versions", "*"}, {"path", path}}})},
             {"releases", {{k_version, {{host_architecture(), digest}}}}}};
    for (const auto& version : also) {
      entry["releases"][version] = {{host_architecture(), digest}};
    }
    ASSERT_TRUE(write_file(m_options.extra_catalogs.front(), m_catalog.dump()));
    m_server.serve("/" + path, std::move(behaviour));
  }

  std::string archive(const std::function<void(ArchiveBuilder&)>& fill) {
    const auto file = m_directory.path() / "made.tar.gz";
    {
      ArchiveBuilder builder(file);
      fill(builder);
    }
    return *read_file(file, 1U << 30U);
  }

  std::string containerd_archive(std::size_t size = 100'000) {
    return archive([&](ArchiveBuilder& builder) {
      builder.directory("bin/")
          .file("bin/containerd", script_of(size))
          .file("bin/ctr", k_script)
          .file("bin/containerd-stress", k_script)
          .file("bin/containerd-shim-runc-v2", k_script);
    });
  }

  Expected<Artifact> ensure(Component component = Component::containerd) {
    return ensure(component, fmt::format("release:{}", k_version));
  }
  Expected<Artifact> ensure(Component component, const std::string& token) {
    auto provisioner = Provisioner::open(m_cache, m_options);
    if (!provisioner) {
      return tl::unexpected(provisioner.error());
    }
    return provisioner->ensure(component, token);
  }

  void expect_refused(const Expected<Artifact>& artifact, ErrorKind kind,
                      const testing::Matcher<std::string>& sentence) {
    ASSERT_FALSE(artifact);
    EXPECT_EQ(artifact.error().kind, kind);
    EXPECT_THAT(artifact.error().message, sentence);
    EXPECT_EQ(artifact.error().message.find('\n'), std::string::npos);
    EXPECT_TRUE(fs::is_empty(m_cache / "store"));
    EXPECT_TRUE(fs::is_empty(m_cache / "tmp"));
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  fs::path m_ca = m_directory.path() / "ca.pem";
  fs::path m_cache = m_directory.path() / "cache";
  HttpsServer m_server;
  Json m_catalog = Json::object();
  FetchOptions m_options;
};

// The label is the catalog's. What is in the store is held to it too.
TEST_F(ReleaseTest, ACatalogThatTheBinaryContradicts) {
  const auto other = fmt::format("release:{}", "1.6.99");
  publish(Component::containerd, {.body = containerd_archive()}, {}, {"1.6.99"});
  m_options.sandbox = [](const std::vector<std::string>&, const fs::path&,
                         std::chrono::milliseconds) {
    CommandResult result;
    result.exit_code = 0;
    result.out = fmt::format("containerd github.com/containerd/containerd v{} abc", k_version);
    return Expected<CommandResult>(result);
  };
  const auto refused = AllOf(HasSubstr("the catalog calls it containerd 1.6.99, and it says that "
                                       "it is 90.1.0"),
                             HasSubstr("--trust-label"));
  expect_refused(ensure(Component::containerd, other), ErrorKind::input, refused);
  const auto good = value_or_throw(ensure());
  EXPECT_FALSE(good.as_labelled);
  EXPECT_EQ(good.told_version, "");
  for (int i = 0; i < 2; ++i) {  // from the store the first time
    m_options.trust_label = true;
    const auto trusted = value_or_throw(ensure(Component::containerd, other));
    EXPECT_EQ(trusted.version.str(), "1.6.99");
    EXPECT_TRUE(trusted.as_labelled);
    EXPECT_EQ(trusted.told_version, k_version);
    m_options.trust_label = false;
    EXPECT_THAT(ensure(Component::containerd, other).error().message, refused);
    std::error_code error;
    fs::remove_all(m_cache / "store" / trusted.sha256, error);
  }
}

// As a mirror has it that lags: the same bytes under the next number.
TEST_F(ReleaseTest, OneFileIsTwoVersions) {
  publish(Component::containerd, {.body = containerd_archive()}, {}, {"1.6.99"});
  EXPECT_EQ(value_or_throw(ensure()).version.str(), k_version);
  EXPECT_EQ(value_or_throw(ensure(Component::containerd, "release:1.6.99")).version.str(),
            "1.6.99");
}

TEST_F(ReleaseTest, FetchesVerifiesAndUnpacks) {
  publish(Component::containerd, {.body = containerd_archive()});
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->provider, "release");
  EXPECT_EQ(artifact->version.str(), k_version);
  EXPECT_EQ(artifact->token, "release:90.1.0");
  EXPECT_EQ(artifact->binaries.size(), 3U);
  EXPECT_EQ(artifact->binaries.at("ctr"), sha256(k_script));
  EXPECT_EQ(*read_file(artifact->directory / "ctr"), k_script);
  EXPECT_TRUE(fs::is_empty(m_cache / "downloads"));
  EXPECT_TRUE(fs::is_empty(m_cache / "tmp"));
}

TEST_F(ReleaseTest, ABareVersionIsARelease) {
  publish(Component::containerd, {.body = containerd_archive()});
  const auto artifact = ensure(Component::containerd, k_version);
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->provider, "release");
}

TEST_F(ReleaseTest, FetchesPluginsAndRunc) {
  publish(Component::plugins,
          {.body = archive([](ArchiveBuilder& builder) {
             builder.directory("./").file("./bridge", k_script).file("./LICENSE", "text", 0644);
           })});
  publish(Component::runc, {.body = std::string(k_script)});
  const auto plugins = ensure(Component::plugins);
  ASSERT_TRUE(plugins) << plugins.error().message;
  EXPECT_EQ(plugins->binaries.size(), 1U);
  const auto runc = ensure(Component::runc);
  ASSERT_TRUE(runc) << runc.error().message;
  EXPECT_EQ(runc->binaries.at("runc"), sha256(k_script));
  EXPECT_EQ(::access((runc->directory / "runc").c_str(), X_OK), 0);
}

TEST_F(ReleaseTest, TheSecondRunNeedsNoNetworkAndNoTime) {
  publish(Component::containerd, {.body = containerd_archive()});
  ASSERT_TRUE(ensure());
  ASSERT_EQ(m_server.requests().size(), 1U);
  m_options.offline = true;
  auto provisioner = Provisioner::open(m_cache, m_options);
  ASSERT_TRUE(provisioner);
  const auto start = std::chrono::steady_clock::now();
  const auto artifact = provisioner->ensure(Component::containerd, k_version);
  const auto passed = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->binaries.size(), 3U);
  EXPECT_LT(passed, std::chrono::milliseconds(50));
  EXPECT_EQ(m_server.requests().size(), 1U);
}

TEST_F(ReleaseTest, OfflineTakesOnlyWhatIsThere) {
  publish(Component::containerd, {.body = containerd_archive()});
  m_options.offline = true;
  expect_refused(ensure(), ErrorKind::unavailable,
                 HasSubstr("containerd 90.1.0 is not in the store, and --offline forbids"));
  EXPECT_TRUE(m_server.requests().empty());
}

TEST_F(ReleaseTest, WrongDigest) {
  const std::string expected(64, '1');
  const auto body = containerd_archive();
  publish(Component::containerd, {.body = body}, expected);
  expect_refused(ensure(), ErrorKind::input,
                 AllOf(HasSubstr("is not the file that is expected: its SHA-256 is " +
                                 sha256(body) + " and not " + expected),
                       HasSubstr(m_server.url())));
  EXPECT_TRUE(fs::is_empty(m_cache / "downloads"));
}

TEST_F(ReleaseTest, AFileThatIsCutShortOnTheServer) {
  const auto body = containerd_archive();
  publish(Component::containerd, {.body = body.substr(0, body.size() / 2)}, sha256(body));
  expect_refused(ensure(), ErrorKind::input, HasSubstr("is not the file that is expected"));
}

TEST_F(ReleaseTest, NotFound) {
  publish(Component::containerd, {.body = "gone", .status = 404});
  expect_refused(ensure(), ErrorKind::unavailable,
                 HasSubstr("containerd-90.1.0-linux-" + host_architecture() +
                           ".tar.gz cannot be fetched: HTTP status 404"));
  EXPECT_EQ(m_server.requests().size(), 1U);
}

TEST_F(ReleaseTest, BusyAndThenNot) {
  publish(Component::containerd, {.body = containerd_archive(), .failures = 2});
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(m_server.requests().size(), 3U);
}

TEST_F(ReleaseTest, AlwaysBusy) {
  publish(Component::containerd, {.body = containerd_archive(), .failures = 1000});
  expect_refused(ensure(), ErrorKind::unavailable,
                 HasSubstr("5 attempts failed, the last with: HTTP status 503"));
}

TEST_F(ReleaseTest, ADroppedConnectionIsTakenUpWhereItBroke) {
  const auto body = containerd_archive(300'000);
  publish(Component::containerd, {.body = body, .drop_after = 100'000});
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
  const auto requests = m_server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].range, "");
  EXPECT_EQ(requests[1].range, "100000-");
}

TEST_F(ReleaseTest, TheNextRunTakesUpAPartialFile) {
  const auto body = containerd_archive(300'000);
  publish(Component::containerd, {.body = body, .drop_after = 50'000, .always_drop = true});
  expect_refused(ensure(), ErrorKind::unavailable, HasSubstr("5 attempts failed"));
  const auto before = m_server.requests().size();
  publish(Component::containerd, {.body = body});
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
  const auto requests = m_server.requests();
  ASSERT_EQ(requests.size(), before + 1);
  EXPECT_EQ(requests.back().range, "250000-");
}

TEST_F(ReleaseTest, AServerThatCannotResume) {
  publish(Component::containerd,
          {.body = containerd_archive(300'000), .drop_after = 100'000, .ranges = false});
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
}

TEST_F(ReleaseTest, APartialFileOfSomethingElse) {
  const auto body = containerd_archive(300'000);
  publish(Component::containerd, {.body = body});
  fs::create_directories(m_cache / "downloads");
  ASSERT_TRUE(write_file(m_cache / "downloads" / (sha256(body) + ".part"), "something else"));
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(m_server.requests().size(), 2U);  // the rest, and then all of it
}

TEST_F(ReleaseTest, APartialFileThatIsComplete) {
  const auto body = containerd_archive();
  publish(Component::containerd, {.body = body});
  fs::create_directories(m_cache / "downloads");
  ASSERT_TRUE(write_file(m_cache / "downloads" / (sha256(body) + ".part"), body));
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
}

TEST_F(ReleaseTest, AHostThatIsAwayIsAskedOnce) {
  publish(Component::containerd, {.body = containerd_archive()});
  publish(Component::plugins, {.body = "x"});
  m_options.mirror = "https://127.0.0.1:1";  // nobody listens there
  auto provisioner = Provisioner::open(m_cache, m_options);
  ASSERT_TRUE(provisioner);
  const auto first = provisioner->ensure(Component::containerd, "release:90.1.0");
  expect_refused(first, ErrorKind::unavailable, HasSubstr("127.0.0.1:1 cannot be reached ("));
  EXPECT_TRUE(fs::is_empty(m_cache / "downloads"));
  const auto start = std::chrono::steady_clock::now();
  const auto second = provisioner->ensure(Component::plugins, "release:90.1.0");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
  expect_refused(second, ErrorKind::unavailable, HasSubstr("127.0.0.1:1 cannot be reached ("));
  // The next run remembers too, and says how to ask again.
  expect_refused(ensure(), ErrorKind::unavailable, HasSubstr("--refresh tries again"));
}

TEST_F(ReleaseTest, ACertificateThatNobodySigned) {
  publish(Component::containerd, {.body = containerd_archive()});
  m_options.ca_file.clear();
  expect_refused(ensure(), ErrorKind::unavailable,
                 AllOf(HasSubstr("cannot be reached"), HasSubstr("certificate")));
}

TEST_F(ReleaseTest, AnUnknownVersion) {
  publish(Component::containerd, {.body = containerd_archive()});
  expect_refused(ensure(Component::containerd, "release:90.2.0"), ErrorKind::unavailable,
                 HasSubstr("no digest of containerd 90.2.0 is known"));
}

TEST_F(ReleaseTest, AnotherArchitecture) {
  std::string elf(64, '\0');
  elf.replace(0, 4, ELFMAG, 4);
  elf[EI_DATA] = ELFDATA2LSB;
  elf[18] = static_cast<char>(host_architecture() == "arm64" ? EM_X86_64 : EM_AARCH64);
  publish(Component::runc, {.body = elf});
  expect_refused(ensure(Component::runc), ErrorKind::input,
                 AllOf(HasSubstr("runc is a binary for a"), HasSubstr("this machine is")));
}

TEST_F(ReleaseTest, AnArchiveWithoutTheBinaries) {
  publish(Component::containerd,
          {.body = archive([](ArchiveBuilder& builder) { builder.file("bin/ctr", k_script); })});
  expect_refused(ensure(), ErrorKind::input, HasSubstr("it has no executable containerd"));
}

struct Hostile {
  const char* name;
  const char* reason;
  std::function<void(ArchiveBuilder&)> add;
};

class HostileTest : public ReleaseTest, public testing::WithParamInterface<Hostile> {};

// Each has the right digest and all that a good archive has, and one entry more.
TEST_P(HostileTest, IsRefusedAndLeavesNothing) {
  publish(Component::containerd, {.body = archive([](ArchiveBuilder& builder) {
                                    builder.file("bin/containerd", k_script)
                                        .file("bin/ctr", k_script)
                                        .file("bin/containerd-shim-runc-v2", k_script);
                                    GetParam().add(builder);
                                  })});
  expect_refused(
      ensure(), ErrorKind::input,
      AllOf(HasSubstr("containerd-90.1.0-linux-" + host_architecture() + ".tar.gz is refused: "),
            HasSubstr(GetParam().reason)));
  EXPECT_TRUE(fs::is_empty(m_cache / "downloads"));
}

INSTANTIATE_TEST_SUITE_P(
    Archives, HostileTest,
    testing::Values(
        Hostile{"ParentDirectory", "entry \"../x\" leads out of the archive",
                [](ArchiveBuilder& builder) { builder.file("../x", "x"); }},
        Hostile{"AbsolutePath", "entry \"/tmp/x\" is an absolute path",
                [](ArchiveBuilder& builder) { builder.file("/tmp/x", "x"); }},
        Hostile{"SymbolicLink", "symbolic link \"bin/x\" to \"../../x\" leads out",
                [](ArchiveBuilder& builder) { builder.symbolic_link("bin/x", "../../x"); }},
        Hostile{"HardLink", "hard link \"bin/x\" to \"/etc/passwd\" leads out",
                [](ArchiveBuilder& builder) { builder.hard_link("bin/x", "/etc/passwd"); }},
        Hostile{"Device", "entry \"bin/x\" is a device",
                [](ArchiveBuilder& builder) { builder.device("bin/x"); }},
        Hostile{
            "Bomb", "decompression bomb",
            [](ArchiveBuilder& builder) { builder.file("bin/x", std::string(64U << 20U, '\0')); }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_F(ReleaseTest, ACacheThatCannotBeWritten) {
  publish(Component::containerd, {.body = containerd_archive()});
  ASSERT_TRUE(write_file(m_directory.path() / "file", ""));
  m_cache = m_directory.path() / "file" / "cache";
  const auto artifact = ensure();
  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().kind, ErrorKind::input);
  EXPECT_THAT(artifact.error().message,
              AllOf(HasSubstr("cannot write"), HasSubstr("set CNI_MATRIX_CACHE to another place")));
}

// The cache is a small disk of its own from then on, in a mount namespace of this process.
bool on_a_small_disk(const fs::path& cache) {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  const int spaces = CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER);
  return ::unshare(spaces) == 0 &&
         // A tmpfs takes no files of a user that its namespace does not know.
         (user == 0 || (write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", user)) &&
                        write_file("/proc/self/setgroups", "deny") &&
                        write_file("/proc/self/gid_map", fmt::format("{0} {0} 1", group)))) &&
         (user != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) &&
         ::mount("tmpfs", cache.c_str(), "tmpfs", 0, "size=1m,mode=755") == 0;
}

TEST_F(ReleaseTest, NoSpace) {
  publish(Component::containerd, {.body = containerd_archive(3'000'000)});
  fs::create_directory(m_cache);
  const auto text = in_child([&]() -> std::string {
    if (!on_a_small_disk(m_cache)) {
      return "skip";
    }
    const auto artifact = ensure();
    if (artifact) {
      return "it was stored";
    }
    const bool clean = fs::is_empty(m_cache / "store") && fs::is_empty(m_cache / "tmp");
    return fmt::format("{} {} {}", artifact.error().kind == ErrorKind::broken ? "broken" : "other",
                       clean ? "clean" : "dirty", artifact.error().message);
  });
  if (text == "skip") {
    GTEST_SKIP() << "a small tmpfs cannot be mounted here";
  }
  EXPECT_THAT(text, testing::StartsWith("broken clean cannot write"));
  EXPECT_THAT(text, HasSubstr("No space left on device; make room"));
}

// apt is the one that writes then. Nothing of it is remembered, as an archive that is away would
// be.
TEST_F(ReleaseTest, NoSpaceForApt) {
  if (find_program("apt-get").empty() ||
      !fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg")) {
    GTEST_SKIP() << "there is no apt-get on this machine, or no keyring";
  }
  publish(Component::containerd, {.body = "x"});
  m_server.serve("/debian/dists/bookworm/InRelease", {.body = noise(3'000'000)});
  m_options.debian_mirror = m_server.url() + "/debian";
  fs::create_directory(m_cache);
  const auto text = in_child([&]() -> std::string {
    ::setenv("no_proxy", "127.0.0.1", 1);
    if (!on_a_small_disk(m_cache)) {
      return "skip";
    }
    const auto artifact = ensure(Component::containerd, "debian:bookworm");
    return artifact ? "it was stored"
                    : fmt::format("{} {} {}",
                                  artifact.error().kind == ErrorKind::broken ? "broken" : "other",
                                  fs::is_empty(m_cache / "index") ? "forgotten" : "remembered",
                                  artifact.error().message);
  });
  if (text == "skip") {
    GTEST_SKIP() << "a small tmpfs cannot be mounted here";
  }
  EXPECT_THAT(text, AllOf(testing::StartsWith("broken forgotten cannot write"),
                          HasSubstr("No space left on device; make room")));
}

// What apt says, without its words about the disk or with them, of a disk that it cannot use.
TEST_F(ReleaseTest, ADiskThatAptCannotUse) {
  if (find_program("apt-get").empty() ||
      !fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg")) {
    GTEST_SKIP() << "there is no apt-get on this machine, or no keyring";
  }
  publish(Component::containerd, {.body = "x"});
  m_options.debian_mirror = m_server.url() + "/debian";
  fs::create_directory(m_cache);
  const auto script = m_cache.parent_path() / "apt-get";
  const auto said = [&](const std::string& deeds) {
    value_or_throw(write_file(script, "#!/bin/sh\n" + deeds + "\nexit 100\n"));
    fs::permissions(script, fs::perms(0755));
    return in_child([&]() -> std::string {
      if (!on_a_small_disk(m_cache) || ::mount(script.c_str(), find_program("apt-get").c_str(),
                                               nullptr, MS_BIND, nullptr) != 0) {
        return "skip";
      }
      const auto artifact = ensure(Component::containerd, "debian:bookworm");
      return artifact ? "it was stored"
                      : fmt::format("{} {} {}",
                                    artifact.error().kind == ErrorKind::broken ? "broken" : "other",
                                    fs::is_empty(m_cache / "index") ? "forgotten" : "remembered",
                                    artifact.error().message);
    });
  };
  const auto first = said("echo \"E: TMPDIR is $TMPDIR\" >&2");
  if (first == "skip") {
    GTEST_SKIP() << "a small tmpfs cannot be mounted here";
  }
  // Another disk may be full; it needs none.
  EXPECT_THAT(first, AllOf(testing::StartsWith("other remembered"),
                           HasSubstr("TMPDIR is " + (m_cache / "apt/bookworm/tmp").string())));
  const std::string not_signed = "echo 'E: The repository is not signed.' >&2";
  EXPECT_THAT(said("cat /dev/zero >$TMPDIR/x 2>/dev/null; " + not_signed),
              AllOf(testing::StartsWith("broken forgotten cannot write"),
                    HasSubstr("No space left on device; make room")));
  for (const auto* text : {"Disk quota exceeded", "Read-only file system", "Input/output error"}) {
    EXPECT_THAT(said(fmt::format("echo 'E: Write error - write (1: {})' >&2", text)),
                AllOf(testing::StartsWith("broken forgotten cannot write"), HasSubstr(text)));
  }
  EXPECT_THAT(said(not_signed), testing::StartsWith("other remembered"));
}

TEST_F(ReleaseTest, TwoRunsAtTheSameTime) {
  publish(Component::containerd, {.body = containerd_archive(3'000'000), .delay_ms = 300});
  std::vector<std::thread> runs;
  std::vector<std::string> answers(4);
  for (auto& answer : answers) {
    runs.emplace_back([&] {
      answer = in_child([&] {
        const auto artifact = ensure();
        return artifact ? artifact->sha256 + " " + artifact->binaries.at("containerd")
                        : artifact.error().message;
      });
    });
  }
  for (auto& run : runs) {
    run.join();
  }
  const auto artifact = ensure();
  ASSERT_TRUE(artifact);
  for (const auto& answer : answers) {
    EXPECT_EQ(answer, artifact->sha256 + " " + artifact->binaries.at("containerd"));
  }
  EXPECT_EQ(m_server.requests().size(), 1U);  // the others waited and found it
  EXPECT_EQ(list_store(m_cache)->size(), 1U);
  EXPECT_TRUE(fs::is_empty(m_cache / "tmp"));
}

// Whoever changes a binary in the store does not choose what runs.
TEST_F(ReleaseTest, AChangedExecutableIsFetchedAgain) {
  publish(Component::containerd, {.body = containerd_archive()});
  const auto first = ensure();
  ASSERT_TRUE(first) << first.error().message;
  const auto file = first->directory / "ctr";
  fs::permissions(file, fs::perms(0755));
  auto other = std::string(k_script);
  other.back() = ' ';
  ASSERT_TRUE(write_file(file, other));
  const auto second = ensure();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(*read_file(second->directory / "ctr"), k_script);
  EXPECT_EQ(m_server.requests().size(), 2U);
}

// Not skipped, nor modelled, nor had of Debian: refused.
TEST_F(ReleaseTest, AChangedExecutableThatCannotBeFetchedAgainIsRefused) {
  publish(Component::containerd, {.body = containerd_archive()});
  const auto first = ensure();
  ASSERT_TRUE(first) << first.error().message;
  const auto file = first->directory / "ctr";
  fs::permissions(file, fs::perms(0755));
  ASSERT_TRUE(write_file(file, std::string(k_script.size(), 'x')));
  const auto expect = [&](const Expected<Artifact>& artifact, const char* reason) {
    ASSERT_FALSE(artifact);
    EXPECT_EQ(artifact.error().kind, ErrorKind::input);
    EXPECT_THAT(artifact.error().message,
                AllOf(HasSubstr(file.string() + " was changed"), HasSubstr(reason)));
  };
  m_options.offline = true;
  expect(ensure(), "--offline");
  expect(ensure(Component::containerd, k_version), "--offline");
  m_options.offline = false;
  m_options.mirror = "https://127.0.0.1:1";
  expect(ensure(), "cannot be reached");
}

TEST_F(ReleaseTest, NamesThatAreNoUtf8AreBadInputAndLeaveNothing) {
  publish(Component::plugins, {.body = archive([](ArchiveBuilder& builder) {
                                 builder.file("./bridge", k_script).file("./caf\xe9", k_script);
                               })});
  expect_refused(ensure(Component::plugins), ErrorKind::input, HasSubstr("is no UTF-8"));
  EXPECT_TRUE(fs::is_empty(m_cache / "downloads"));
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST_F(ReleaseTest, ASilentMirrorCostsItsLimitOnce) {
  publish(Component::containerd, {.body = containerd_archive()});
  publish(Component::plugins, {.body = containerd_archive()});
  publish(Component::runc, {.body = std::string(k_script)});
  m_options.connect_timeout = std::chrono::milliseconds(500);
  for (const char* scheme : {"https", "http"}) {
    const SilentServer server;
    m_options.mirror = server.url(scheme);
    auto provisioner = Provisioner::open(m_cache, m_options);
    ASSERT_TRUE(provisioner);
    // libcurl looks at the time once a second.
    EXPECT_LT(seconds_of([&] {
                expect_refused(provisioner->ensure(Component::containerd, "release:90.1.0"),
                               ErrorKind::unavailable, HasSubstr("cannot be reached"));
              }),
              4.0)
        << scheme;
    EXPECT_LT(seconds_of([&] {
                EXPECT_FALSE(provisioner->ensure(Component::plugins, "release:90.1.0"));
                EXPECT_FALSE(provisioner->ensure(Component::runc, "release:90.1.0"));
                EXPECT_FALSE(ensure());  // the next run
              }),
              0.2)
        << scheme;
  }
}

// It always sends something, and would do so for hours.
TEST_F(ReleaseTest, AMirrorThatDripsIsEnded) {
  publish(Component::containerd, {.body = containerd_archive(), .drip_ms = 50});
  publish(Component::runc, {.body = std::string(k_script)});
  m_options.slow_limit = std::chrono::seconds(1);
  EXPECT_LT(seconds_of([&] {
              expect_refused(ensure(), ErrorKind::unavailable,
                             HasSubstr("less than 1024 bytes a second came for 1 s"));
            }),
            20.0);
  EXPECT_EQ(m_server.requests().size(), 2U);
  EXPECT_FALSE(fs::is_empty(m_cache / "downloads"));  // it is taken up where it was
  // Not each file costs its time.
  EXPECT_LT(seconds_of([&] { EXPECT_FALSE(ensure(Component::runc)); }), 0.5);
}

// No more than a mirror does: not for each suite, source and attempt of apt.
TEST_F(ReleaseTest, ASilentDebianArchiveCostsItsLimitOnce) {
  if (find_program("apt-get").empty() ||
      !fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg")) {
    GTEST_SKIP() << "there is no apt-get on this machine, or no keyring";
  }
  const SilentServer server;
  publish(Component::containerd, {.body = "x"});
  m_options.connect_timeout = std::chrono::milliseconds(1000);
  m_options.mirror.clear();
  m_options.debian_mirror = server.url("http") + "/debian";
  ::setenv("no_proxy", "127.0.0.1", 1);
  EXPECT_LT(seconds_of([&] {
              auto provisioner = Provisioner::open(m_cache, m_options);
              ASSERT_TRUE(provisioner);
              // No catalog knows it, so each suite is asked.
              expect_refused(provisioner->ensure(Component::containerd, "91.0.0"),
                             ErrorKind::unavailable, HasSubstr("does not answer"));
              EXPECT_FALSE(provisioner->ensure(Component::containerd, "91.0.1"));
            }),
            6.0);
  EXPECT_LT(seconds_of([&] { EXPECT_FALSE(ensure(Component::containerd, "91.0.0")); }), 1.0);
}

TEST_F(ReleaseTest, OtherCertificatesAskAgain) {
  publish(Component::containerd, {.body = containerd_archive()});
  const auto wrong = m_directory.path() / "wrong.pem";
  const HttpsServer other(wrong);
  m_options.ca_file = wrong;
  expect_refused(ensure(), ErrorKind::unavailable, HasSubstr("certificate"));
  expect_refused(ensure(), ErrorKind::unavailable, HasSubstr("--refresh tries again"));
  // Mended in its place.
  ASSERT_TRUE(write_file(wrong, *read_file(m_ca)));
  const auto artifact = ensure();
  ASSERT_TRUE(artifact) << artifact.error().message;
}

TEST_F(ReleaseTest, CertificatesOfTheEnvironment) {
  publish(Component::containerd, {.body = containerd_archive()});
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const auto text = in_child([&]() -> std::string {
      ::unsetenv("CURL_CA_BUNDLE");
      ::unsetenv("SSL_CERT_FILE");
      m_options.ca_file.clear();
      m_cache = m_directory.path() / name;
      if (ensure()) {
        return "trusted without";
      }
      ::setenv(name, m_ca.c_str(), 1);
      const auto artifact = ensure();
      return artifact ? "good" : artifact.error().message;
    });
    EXPECT_EQ(text, "good") << name;
  }
}

TEST_F(ReleaseTest, AFileWithoutCertificatesIsRefused) {
  const auto empty = m_directory.path() / "empty.pem";
  for (const auto* text : {"", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    ASSERT_TRUE(write_file(empty, text));
    m_options.ca_file = empty;
    m_options.extra_catalogs.clear();
    const auto refused = Provisioner::open(m_cache, m_options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::input);
    EXPECT_THAT(refused.error().message, HasSubstr("has no certificate to trust"));
  }
}

// Of an address: not in errors, progress, notices and what is remembered.
TEST_F(ReleaseTest, APasswordIsToldNowhere) {
  std::string told;
  const auto tell = [&told](std::string_view text) { told.append(text).append("\n"); };
  m_options.progress = m_options.notice = tell;
  const auto fails = [&](Component component, const std::string& token) {
    const auto artifact = ensure(component, token);
    ASSERT_FALSE(artifact);
    tell(artifact.error().message);
  };
  publish(Component::containerd, {.body = "gone", .status = 404});
  publish(Component::plugins, {.body = "x"}, sha256("y"));
  publish(Component::runc, {.body = "busy", .status = 503});
  const std::string user = "https://somebody:secret@";
  m_options.mirror = user + m_server.url().substr(std::string_view("https://").size());
  for (const auto component : {Component::containerd, Component::plugins, Component::runc}) {
    fails(component, fmt::format("release:{}", k_version));
  }
  m_options.mirror = user + "127.0.0.1:1";
  m_options.debian_mirror = "http://somebody:secret@127.0.0.1:1/debian";
  fails(Component::containerd, fmt::format("release:{}", k_version));
  fails(Component::containerd, "debian:bookworm");
  for (const auto& item : fs::directory_iterator(m_cache / "index")) {
    tell(value_or_throw(read_file(item.path())));
  }
  EXPECT_THAT(told, AllOf(HasSubstr("https://***@127.0.0.1"), HasSubstr("cannot be reached"),
                          Not(HasSubstr("secret")), Not(HasSubstr("somebody"))));
}

TEST_F(ReleaseTest, AGivenMirrorIsNotLeftForDebian) {
  publish(Component::containerd, {.body = "gone", .status = 404});
  fs::create_directories(m_directory.path() / "debian");
  m_options.debian_mirror = "file:" + (m_directory.path() / "debian").string();
  expect_refused(ensure(Component::containerd, k_version), ErrorKind::unavailable,
                 AllOf(HasSubstr("HTTP status 404"), HasSubstr("--debian-fallback")));
  EXPECT_TRUE(fs::is_empty(m_cache / "apt"));
  m_options.debian_fallback = true;
  expect_refused(ensure(Component::containerd, k_version), ErrorKind::unavailable,
                 HasSubstr("and of Debian"));
}

// In the child, so that a test as root shows what an ordinary user gets, and the other way round.
TEST_F(ReleaseTest, ACacheOfAnotherUserIsRefused) {
  if (::geteuid() != 0) {
    const auto refused = Provisioner::open("/usr/share", m_options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::input);
    return;
  }
  publish(Component::containerd, {.body = containerd_archive()});
  ASSERT_TRUE(ensure());
  fs::permissions(m_directory.path(), fs::perms(0755));
  const auto open = [&] {
    const auto opened = Provisioner::open(m_cache, m_options);
    return opened
               ? std::string("opened")
               : fmt::format("{} {}", opened.error().kind == ErrorKind::input ? "input" : "other",
                             opened.error().message);
  };
  EXPECT_THAT(in_child([&]() -> std::string {
                return ::setgid(65534) == 0 && ::setuid(65534) == 0 ? open() : "cannot change";
              }),
              AllOf(testing::StartsWith("input"), HasSubstr("belongs to user 0 and not to you")));
  EXPECT_EQ(open(), "opened");
  // The cache itself, and one file deep in it.
  const auto deep = *ensure();
  for (const auto& path : {m_cache, deep.directory / "ctr"}) {
    ASSERT_EQ(::lchown(path.c_str(), 65534, 65534), 0);
    EXPECT_THAT(open(), AllOf(testing::StartsWith("input " + path.string()),
                              HasSubstr("belongs to user 65534")));
    ASSERT_EQ(::lchown(path.c_str(), 0, 0), 0);
  }
}

// In the private root of a suite, where apt would look by itself.
TEST_F(ReleaseTest, AptRunsNoHookThatLiesInTheCache) {
  if (find_program("apt-get").empty() ||
      !fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg")) {
    GTEST_SKIP() << "there is no apt-get on this machine, or no keyring";
  }
  publish(Component::containerd, {.body = "x"});
  fs::create_directories(m_directory.path() / "debian");
  m_options.debian_mirror = "file:" + (m_directory.path() / "debian").string();
  const auto proof = m_directory.path() / "hook-ran";
  const auto parts = m_cache / "apt/bookworm/etc/apt.conf.d";
  fs::create_directories(parts);
  const auto hook = fmt::format("APT::Update::Pre-Invoke {{ \"touch {}\"; }};\n", proof.string());
  ASSERT_TRUE(write_file(parts / "99hook", hook));
  ASSERT_TRUE(write_file(m_cache / "apt/bookworm/etc/apt.conf", hook));
  expect_refused(ensure(Component::containerd, "debian:bookworm"), ErrorKind::unavailable,
                 HasSubstr("does not have a Release file"));
  EXPECT_FALSE(fs::exists(proof));
}

// Each loop that takes long asks whether it is to go on.
TEST_F(ReleaseTest, WhateverItDoesItCanBeStopped) {
  publish(Component::containerd, {.body = containerd_archive(3'000'000), .delay_ms = 50});
  bool done = false;
  int stopped = 0;
  for (int limit = 0; !done && limit < 2000; limit += 1 + limit / 4) {
    int asked = 0;
    m_options.cancelled = [&] { return ++asked > limit; };
    const auto artifact = ensure();
    done = artifact.has_value();
    if (!done) {
      ++stopped;
      ASSERT_EQ(artifact.error().kind, ErrorKind::interrupted) << artifact.error().message;
      ASSERT_TRUE(fs::is_empty(m_cache / "store"));
      ASSERT_TRUE(fs::is_empty(m_cache / "tmp"));
    }
  }
  EXPECT_TRUE(done);
  EXPECT_GT(stopped, 5);
}

TEST_F(ReleaseTest, AptCanBeStopped) {
  if (find_program("apt-get").empty() ||
      !fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg")) {
    GTEST_SKIP() << "there is no apt-get on this machine, or no keyring";
  }
  publish(Component::containerd, {.body = "x"});
  const SilentServer server;
  m_options.debian_mirror = server.url("http") + "/debian";
  ::setenv("no_proxy", "127.0.0.1", 1);
  const auto start = std::chrono::steady_clock::now();
  m_options.cancelled = [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::seconds(1);
  };
  EXPECT_LT(seconds_of([&] {
              expect_refused(ensure(Component::containerd, "debian:bookworm"),
                             ErrorKind::interrupted, HasSubstr("stopped while apt"));
            }),
            3.0);
}

TEST_F(ReleaseTest, ATransferCanBeStopped) {
  publish(Component::containerd, {.body = containerd_archive(3'000'000)});
  m_options.cancelled = [] { return true; };
  expect_refused(ensure(), ErrorKind::interrupted, HasSubstr("stopped while"));
  EXPECT_TRUE(fs::is_empty(m_cache / "downloads"));
}

TEST_F(ReleaseTest, ABlockedSignalStopsATransfer) {
  publish(Component::containerd, {.body = containerd_archive(3'000'000)});
  const auto text = in_child([&]() -> std::string {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    ::kill(::getpid(), SIGTERM);
    const auto artifact = ensure();
    return artifact ? "it was stored" : artifact.error().message;
  });
  EXPECT_THAT(text, HasSubstr("stopped while"));
}

TEST_F(ReleaseTest, ProgressIsTold) {
  publish(Component::containerd, {.body = containerd_archive(3'000'000)});
  std::vector<std::string> lines;
  m_options.progress = [&](std::string_view text) { lines.emplace_back(text); };
  ASSERT_TRUE(ensure());
  EXPECT_THAT(lines, testing::Contains(
                         AllOf(HasSubstr("fetching containerd-90.1.0"), HasSubstr("of 3.0 MB"))));
}

}  // namespace
}  // namespace cni_matrix::artifacts
