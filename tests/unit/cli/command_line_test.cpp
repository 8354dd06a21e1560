#include "cli/command_line.hpp"

#include <gmock/gmock.h>

#include <optional>

namespace cni_matrix::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A program with one command.
class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    auto program = line.program();
    program.needs_command();
    auto draw = program.command("draw", "draws");
    draw.option("what", what, "what to draw").required();
    draw.option("--colours,-c", colours, "in these colours").list();
    draw.option("--copies", copies, "so often").between(1, 3);
    draw.option(
        "--size",
        [](const std::string& text) -> Expected<void> {
          return input_error("--size: {} is no size", text);
        },
        "how large");
    draw.flag("--framed", framed, "with a frame");
    draw.performs([] { return Ending{ExitStatus::good, "drawn"}; });
  }

  Expected<Action> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "pictures");
    std::vector<char*> argv;
    argv.reserve(words.size());
    for (auto& word : words) {
      argv.push_back(word.data());
    }
    return line.parse(static_cast<int>(argv.size()), argv.data());
  }
  std::string refusal(const std::vector<std::string>& words) {
    const auto parsed = parse(words);
    EXPECT_FALSE(parsed);
    return parsed ? "" : parsed.error().message;
  }

  CommandLine line{"pictures", "Pictures.", "pictures 1"};
  std::string what;
  std::vector<std::string> colours;
  std::optional<int> copies;
  bool framed = false;
};

TEST_F(CommandLineTest, SetsWhatIsGivenAndSaysWhatToDo) {
  const auto action = parse({"draw", "a house", "-c", "red,blue", "--framed", "--copies", "2"});
  ASSERT_TRUE(action) << action.error().message;
  EXPECT_EQ(what, "a house");
  EXPECT_THAT(colours, ElementsAre("red", "blue"));
  EXPECT_EQ(copies, 2);
  EXPECT_TRUE(framed);
  EXPECT_EQ((*action)()->words, "drawn");
}

TEST_F(CommandLineTest, RefusesInOneSentence) {
  EXPECT_THAT(refusal({"drwa", "a house"}), HasSubstr("there is no command drwa"));
  EXPECT_THAT(refusal({"draw", "a house", "--colors", "red"}),
              HasSubstr("pictures draw has no option --colors"));
  EXPECT_THAT(refusal({"draw", "a house", "--copies", "4"}), HasSubstr("4"));
  EXPECT_EQ(refusal({"draw", "a house", "--size", "x"}), "--size: x is no size");
  EXPECT_THAT(refusal({"draw"}), HasSubstr("what"));
}

TEST_F(CommandLineTest, HasNothingToDoAfterHelp) {
  for (const auto* word : {"--help", "help", "--version"}) {
    const auto action = parse({word});
    ASSERT_TRUE(action);
    EXPECT_FALSE(*action) << word;
  }
}

}  // namespace
}  // namespace cni_matrix::cli
