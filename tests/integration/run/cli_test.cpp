// The program as a user meets it: bad input gets one sentence and exit status 2, before anything
// runs.

#include "program.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::program;
using testing_support::Words;

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    directory = value_or_throw(TemporaryDirectory::create());
  }

  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    const auto path = directory->path() / name;
    value_or_throw(write_file(path, text));
    return path.string();
  }

  // One sentence and the last line, exit status 2, nothing on standard output.
  static void expect_sentence(const std::vector<std::string>& arguments, const std::string& part) {
    const auto result = program(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err << result.out;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(part));
    EXPECT_TRUE(result.err.starts_with("cni-matrix: ")) << result.err;
    EXPECT_EQ(split(result.err, '\n').size(), 3U) << result.err;
    EXPECT_TRUE(result.err.ends_with("\nexit 2: bad usage or input, nothing was run\n"))
        << result.err;
  }

  std::optional<TemporaryDirectory> directory;
};

TEST_F(BadInput, NamesTheKeyAndWhatWasMeant) {
  const std::string rest = R"("plugins": ["1.1.1"]})";
  expect_sentence(
      {"plan", file("twice.json", R"({"containerd": ["1.6.2"], "containerd": [], )" + rest)},
      "twice.json: at /: the key \"containerd\" stands there twice");
  expect_sentence({"plan", file("deep.json", R"({"containerd": ["1.6.2"], "plugins": ["1.1.1"],
      "include": [{"scenarios": []}, {"scenarios": [{"scenario": "repair", "with": {"to": "a", "to": "b"}}]}]})")},
                  "at /include/1/scenarios/0/with: the key \"to\" stands there twice");
  expect_sentence({"plan", file("key.json", R"({"containerds": ["1.6.2"], )" + rest)},
                  "key.json: at /: there is no key \"containerds\"; did you mean containerd?");
  expect_sentence({"plan", file("type.json", R"({"containerd": 5, )" + rest)},
                  "type.json: at /containerd: 5 is not of the type array");
  expect_sentence({"run", "--containerd", "1.6.2", "--plugins", "1.1.1", "--scenario",
                   file("step.json", R"({"id": "step", "title": "Step",
                                         "steps": [{"step": "run", "pot": "a"}]})")},
                  "/steps/0: ");
  expect_sentence({"report", file("run.json", R"({"format": 1, "format": 1})")}, "run.json");
}

TEST_F(BadInput, OfAnyLengthIsOneShortSentence) {
  const auto expect_short = [](const std::vector<std::string>& arguments) {
    const auto result = program(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err.substr(0, 1000);
    EXPECT_LT(result.err.size(), 700U) << result.err.substr(0, 1000);
    EXPECT_EQ(split(result.err, '\n').size(), 3U) << result.err.substr(0, 1000);
  };
  const std::string huge(8'000'000, 'x');
  expect_short({"plan", file("open.json", R"({"containerd": [")" + huge)});
  expect_short({"plan", file("key.json", "{\"" + huge + "\": 1}")});
  const std::string big(100'000, 'y');
  for (const auto* option : {"--containerd", "--scenario", "--conflist", "--cell", "--runtime"}) {
    expect_short({"plan", "--plugins", "1.1.1", option, big});
    expect_short({"plan", "--plugins", "1.1.1", option, "a\nb\x1b[31m" + big});
  }
  expect_short({"explain", big});
  expect_short({"--" + big});
  expect_short({big});
}

TEST_F(BadInput, InOptionsAndNames) {
  expect_sentence({"run", "--containrd", "1.6.2"},
                  "cni-matrix run has no option --containrd; did you mean --containerd?");
  expect_sentence({"store", "prune", "--unusedfor", "3"}, "did you mean --unused-for?");
  expect_sentence({"store", "prun", "--help"},
                  "there is no command store prun; did you mean prune? (cni-matrix store --help)");
  expect_sentence({"help", "rnu"}, "there is no command rnu; did you mean run?");
  expect_sentence({"nosuch", "--help"}, "there is no command nosuch (cni-matrix --help)");
  expect_sentence({"list", "scenaros"}, "did you mean scenarios? (cni-matrix list --help)");
  expect_sentence({"run", "--jobs", "many"}, "(cni-matrix run --help)");
  expect_sentence({"plan", "defualt"}, "there is no matrix defualt");
  expect_sentence(
      {"plan", "--containerd", "1.6.2", "--plugins", "1.1.1", "--scenario", "zzzzzzzzzzz"},
      " more");
  expect_sentence({"plan", "default", "--cell", "0000aaaa"}, "no cell fits");
  // Of a conflist's directory the first file counts, as to containerd, also when it does not load.
  expect_sentence({"plan", "--containerd", "1.6.2", "--plugins", "1.1.1", "--conflist",
                   directory->path().string()},
                  "no file of this directory is a network configuration");
  static_cast<void>(file("10-broken.conflist", "{"));
  static_cast<void>(file("20-good.conflist", R"({"name": "n", "plugins": [{"type": "ptp"}]})"));
  expect_sentence({"plan", "--containerd", "1.6.2", "--plugins", "1.1.1", "--conflist",
                   directory->path().string()},
                  "10-broken.conflist:1:2: not JSON");
}

// What is wrong with a file names it once.
TEST_F(BadInput, InAScenarioOfOnesOwn) {
  const auto mine = file("mine.json", R"({"id": "Mine Own", "title": "Mine", "steps": []})");
  const auto result =
      program({"plan", "--containerd", "1.6.2", "--plugins", "1.1.1", "--scenario", mine});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err.find(mine), result.err.rfind(mine)) << result.err;
  EXPECT_THAT(result.err, HasSubstr("--scenario " + mine + ": at /"));
}

TEST_F(BadInput, InTheEnvironment) {
  const auto result =
      program({"list", "scenarios"}, {"CNI_MATRIX_DATA=" + directory->path().string()});
  EXPECT_EQ(result.exit_code, 2) << result.out;
  EXPECT_THAT(result.err, AllOf(HasSubstr("CNI_MATRIX_DATA"), HasSubstr("matrix/")));
}

TEST(GoodInput, TheHelpOfDiffHasEachColumn) {
  const auto help = program({"diff", "--help"}).out;
  const auto error = program({"diff", "a.json", "b.json", "--by", "nothing"}).err;
  for (const auto* column : {"containerd-version", "plugins-version", "conflist", "scenario"}) {
    EXPECT_THAT(help, HasSubstr(column));
    EXPECT_THAT(error, HasSubstr(column));
  }
}

TEST_F(BadInput, InAddressesAndCertificates) {
  const auto fetch = [](const char* option, const std::string& value) {
    return Words{"fetch", "--containerd", "release:1.6.2", option, value};
  };
  expect_sentence(fetch("--mirror", "mirror.example"),
                  "--mirror mirror.example: an address begins with https://");
  expect_sentence(fetch("--mirror", "ftp://mirror.example/"), "an address begins with https://");
  expect_sentence(fetch("--debian-mirror", "mirror.example/debian"), "--debian-mirror");
  expect_sentence(fetch("--ca", "/no/such/file"),
                  "the certificates in /no/such/file cannot be read");
  expect_sentence(fetch("--ca", "/dev/null"), "/dev/null has no certificate");
  // A variable that nobody has set.
  for (const auto* option : {"--mirror", "--ca", "--debian-mirror", "--catalog"}) {
    expect_sentence(fetch(option, ""), std::string(option) + ": it is empty");
  }
  for (const auto* option : {"--baseline", "--json", "--cell", "--containerd", "--conflist"}) {
    expect_sentence({"run", "default", option, ""}, std::string(option) + ": it is empty");
  }
  expect_sentence({"plan", ""}, "it is empty");
  // What is refused may hold a password.
  for (const auto* address : {"somebody:secret@mirror", "https://somebody:secret@"}) {
    const auto refused = program(fetch("--mirror", address));
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("***@"), Not(HasSubstr("secret"))));
  }
}

TEST(GoodInput, FindsWhatIsMeant) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  // A shipped matrix from anywhere, a cell by the beginning of its id.
  const auto all = program({"plan", "default"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  const auto first = all.out.substr(0, all.out.find('\n'));
  const auto one = program({"plan", "default", "--cell", first.substr(0, 7)});
  EXPECT_THAT(one.out, HasSubstr(first));
  EXPECT_EQ(split(trim(one.out), '\n').size(), 2U) << one.out;  // and the last line
  // Containerd's choice of several files: the first by its name.
  fs::copy_file(data_directory() / "scenarios/conflists/bridge-portmap.conflist",
                directory.path() / ".20-second.conflist");
  fs::copy_file(data_directory() / "scenarios/conflists/bridge-portmap.conflist",
                directory.path() / "30-third.conflist");
  value_or_throw(write_file(directory.path() / "10-first.conflist~", "{"));
  const auto chosen = program({"plan", "--containerd", "1.6.20", "--plugins", "1.1.1", "--conflist",
                               directory.path().string()});
  EXPECT_THAT(chosen.out, HasSubstr("/.20-second/lifecycle")) << chosen.err;
  // A colon in the second parameter's value.
  const auto upgrade =
      program({"plan", "--containerd", "1.6.20", "--plugins", "1.1.1", "--scenario",
               "upgrade-bundle:to_containerd=debian:forky,to_plugins=debian:forky"});
  EXPECT_THAT(upgrade.out, HasSubstr("to_plugins=debian:forky")) << upgrade.err;
}

// Foreseen, told once, and run all the same.
TEST(GoodInput, MayBeOneThatNoContainerdLoads) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto conflist = directory.path() / "commented.conflist";
  value_or_throw(write_file(conflist, R"({ // mine
      "cniVersion": "0.4.0", "name": "n", "plugins": [{"type": "ptp"}]})"));
  const auto planned = program({"plan", "--containerd", "1.6.20,2.1.9", "--plugins", "1.1.1",
                                "--conflist", conflist.string()});
  EXPECT_EQ(planned.exit_code, 0);
  EXPECT_THAT(planned.out, HasSubstr("1.6.20/1.1.1/commented/lifecycle"));
  const auto warning = std::string("containerd does not load it: invalid character '/'");
  EXPECT_THAT(planned.err, HasSubstr(warning));
  EXPECT_EQ(planned.err.find(warning), planned.err.rfind(warning)) << planned.err;
}

TEST(Help, IsThereForEveryCommand) {
  EXPECT_EQ(program({"-V"}).out, program({"--version"}).out);
  EXPECT_EQ(program({"help"}).out, program({"--help"}).out);
  EXPECT_THAT(program({"--help"}).out, HasSubstr("CNI_MATRIX_CACHE"));
  for (const auto* command : {"run", "plan", "fetch", "verify-embedded", "compat", "explain",
                              "list", "report", "diff", "store", "shell"}) {
    const auto help = program({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out, HasSubstr("Examples:\n  cni-matrix ")) << command;
    EXPECT_EQ(program({"help", command}).out, help.out);
  }
}

TEST_F(BadInput, InAMatrix) {
  expect_sentence({"run", file("a.json", "{")}, "a.json:1:2: not JSON");
  expect_sentence({"run", file("b.json", R"({"containerd": ["1.6.2"], "plugins": []})")},
                  "/plugins");
  expect_sentence({"plan", (directory->path() / "none.json").string()}, "No such file");
  expect_sentence({"run", "--containerd", "bogus", "--plugins", "1.1.1"}, "no version token");
  expect_sentence({"run", "--containerd", "1.6.2", "--plugins", "1.1.1", "--scenario", "lifecycl"},
                  "did you mean lifecycle?");
  expect_sentence({"run", "--containerd", "1.6.2", "--plugins", "1.1.1", "--cell", "nothing"},
                  "no cell fits");
  expect_sentence({"run"}, "nothing is selected");
  expect_sentence({"rnu"}, "did you mean run?");
  expect_sentence({"explain", "F2"}, "did you mean F02");
}

TEST_F(BadInput, InAConflist) {
  const auto run = [](const std::string& conflist, const std::string& part) {
    expect_sentence({"run", "--containerd", "1.6.4", "--plugins", "1.1.1", "--conflist", conflist},
                    part);
  };
  run(file("x.conflist", "x"), "x.conflist:1:1: not JSON");
  run(file("n.conflist", R"({"plugins": [{"type": "bridge"}]})"), "/name");
  run(file("p.conflist", R"({"name": "n", "plugins": []})"), "/plugins");
  run(file("t.conflist", R"({"name": "n", "plugins": [{}]})"), "/plugins/0");
  run("nowhere", "there is no conflist nowhere");
}

// Before anything runs, also what a later step asks for.
TEST_F(BadInput, InAVersionThatAStepChangesTo) {
  const auto other = directory->path() / "none";
  const auto mine = file("mine.json", fmt::format(R"({{"id": "mine", "title": "Mine", "steps": [
      {{"step": "run"}}, {{"step": "replace-plugins", "to": "dir:{}@1.1.1"}}]}})",
                                                  other.string()));
  for (const auto* command : {"plan", "run"}) {
    expect_sentence({command, "--containerd", "1.6.20", "--plugins", "1.1.1", "--runtime",
                     "embedded", "--scenario", mine},
                    "there is no directory " + other.string());
  }
  expect_sentence(
      {"plan", "--containerd", "1.6.20", "--plugins", "debian:bookworm+dir:" + other.string()},
      "there is no directory " + other.string());
  for (const auto* command : {"plan", "run"}) {
    expect_sentence({command, "--containerd", "1.6.20", "--plugins", "1.1.1", "--runtime",
                     "embedded", "--scenario", "replace-runtime:to_containerd=99.9.9"},
                    "no profile of containerd 99.9");
  }
}

TEST_F(BadInput, InADirectoryOfPlugins) {
  const auto run = [&](const std::string& part) {
    expect_sentence({"run", "--containerd", "1.6.4", "--plugins",
                     "dir:" + directory->path().string() + "@1.1.1"},
                    part);
  };
  run("holds no CNI plugins");
  const auto plugin = file("bridge", "text");
  run("can be executed");
  fs::permissions(plugin, fs::perms::owner_all);
  run("bridge");
}

TEST_F(BadInput, InTheCacheAndReports) {
  const auto result = program({"run", "--containerd", "1.6.4", "--plugins", "1.1.1"},
                              {"CNI_MATRIX_CACHE=/proc/none"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("CNI_MATRIX_CACHE"));
  expect_sentence({"run", "--containerd", "1.6.4", "--plugins", "1.1.1", "--json", "/none/x.json"},
                  "/none/x.json");
  expect_sentence({"report", file("r.json", "[]")}, "r.json");
}

TEST_F(BadInput, LeavesTwoRunsAtOnceAlone) {
  const std::vector<std::string> arguments = {"run",       "--containerd",    "debian:bookworm",
                                              "--plugins", "debian:bookworm", "--cni-version",
                                              "1.0.0"};
  const auto cache = directory->path() / "cache";
  std::vector<std::string> argv = {CNI_MATRIX_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto environment = fixed_environment();
  environment.push_back("CNI_MATRIX_CACHE=" + cache.string());
  auto other =
      value_or_throw(BackgroundProcess::start(argv, environment, directory->path() / "log"));
  const auto result = program(arguments, {"CNI_MATRIX_CACHE=" + cache.string()});
  ASSERT_TRUE(other.wait(std::chrono::minutes(5)));
  if (result.exit_code == 4) {
    GTEST_SKIP() << result.out;
  }
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(value_or_throw(read_file(directory->path() / "log")), HasSubstr("exit 0"));
}

TEST(Program, TellsOfItself) {
  EXPECT_THAT(program({"--version"}).out, HasSubstr("cni-matrix "));
  const auto help = program({"run", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Examples:"));
  EXPECT_THAT(help.out, HasSubstr("Exit status, which"));
}

}  // namespace
}  // namespace cni_matrix
