#include "compat/question.hpp"

#include "shipped.hpp"

#include "base/file.hpp"
#include "compat/json.hpp"
#include "compat/text.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::compat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::shipped;
using testing::version;

std::vector<Reply> ask(const Asked& asked) {
  return value_or_throw(reply(shipped(), asked));
}

std::string problem_of(const Asked& asked) {
  const auto replies = reply(shipped(), asked);
  return replies ? "none" : replies.error().message;
}

std::vector<std::string> containerds_of(const std::vector<Reply>& replies) {
  std::vector<std::string> versions;
  for (const auto& one : replies) {
    versions.push_back(one.containerd.str());
  }
  return versions;
}

TEST(Question, WithoutAListIsOfTheShippedOneAtEveryCniVersion) {
  const auto replies = ask({{"1.6.2"}, {"1.1.1"}, {}, {}, {}});
  ASSERT_EQ(replies.size(), 1U);
  const auto& one = replies.front();
  EXPECT_TRUE(one.one_is_enough);
  ASSERT_EQ(one.answers.size(), Knowledge::cni_versions().size());
  EXPECT_EQ(one.answers.front().word, Word::fails);  // F02
  EXPECT_EQ(one.status(), ExitStatus::good);
  EXPECT_EQ(one.command(),
            "cni-matrix run --containerd 1.6.2 --plugins 1.1.1 --conflist bridge-portmap "
            "--cni-version none,0.1.0,0.2.0,0.3.0,0.3.1,0.4.0,1.0.0,1.1.0");
}

TEST(Question, IsAnsweredWith1WhereNoCniVersionWorks) {
  const auto replies = ask({{"1.6.3"}, {"0.9.1"}, {}, {}, {}});
  EXPECT_EQ(status_of(replies), ExitStatus::bad_news);
  const auto text = text_of(shipped(), replies);
  // What hits all versions is told before what hits some.
  EXPECT_LT(text.find("\nF01  "), text.find("\nF03  "));
  EXPECT_THAT(text, HasSubstr("8 of 8 answers"));
  EXPECT_THAT(summary_of(replies), HasSubstr("does not work: F01"));
}

TEST(Question, IsAnsweredWith4WhereNobodyTriedIt) {
  EXPECT_EQ(status_of(ask({{"9.0.0"}, {"1.9.1"}, {}, {}, {}})), ExitStatus::no_answer);
  // Some fail, and of the others nothing is known.
  EXPECT_EQ(status_of(ask({{"9.0.0"}, {"1.1.1"}, {}, {}, {}})), ExitStatus::no_answer);
}

TEST(Question, OfSeveralIsAnsweredWith1Before4Before0) {
  const std::string good = "1.6.20";
  const std::string bad = "1.6.3";
  const std::string unknown = "9.0.0";
  const auto status = [](const std::vector<std::string>& containerds) {
    return status_of(ask({containerds, {"0.9.1"}, {}, {"0.4.0"}, {}}));
  };
  EXPECT_EQ(status({good}), ExitStatus::good);
  EXPECT_EQ(status({unknown}), ExitStatus::no_answer);
  EXPECT_EQ(status({good, unknown}), ExitStatus::no_answer);
  EXPECT_EQ(status({good, unknown, bad}), ExitStatus::bad_news);
}

TEST(Question, CountsEachCniVersionThatIsAskedFor) {
  EXPECT_EQ(status_of(ask({{"1.6.2"}, {"1.1.1"}, {}, {"none", "1.0.0"}, {}})),
            ExitStatus::bad_news);
  EXPECT_EQ(status_of(ask({{"1.6.2"}, {"1.1.1"}, {}, {"1.0.0"}, {}})), ExitStatus::good);
}

TEST(Question, MayHaveRanges) {
  const auto series = ask({{"1.6.*"}, {"1.1.1"}, {}, {"1.0.0"}, {}});
  EXPECT_EQ(series.size(), 40U);
  EXPECT_EQ(series.front().containerd, version("1.6.0"));
  EXPECT_THAT(containerds_of(ask({{"1.6.2-1.6.4", "1.6.3"}, {"1.1.1"}, {}, {"1.0.0"}, {}})),
              ElementsAre("1.6.2", "1.6.3", "1.6.4"));
  const auto text = text_of(shipped(), series);
  EXPECT_THAT(text, HasSubstr("  containerd  plugins  1.0.0\n"));
  EXPECT_THAT(text, HasSubstr("  1.6.2       1.1.1    works m\n"));
  EXPECT_THAT(text, HasSubstr("  1.6.19      1.1.1    works p\n"));
  EXPECT_THAT(text, HasSubstr("  1.6.20      1.1.1    works\n"));
}

TEST(Question, MayNameADebianSuiteThatWasRun) {
  EXPECT_THAT(containerds_of(ask({{"debian:bookworm"}, {"debian:bullseye"}, {}, {"0.4.0"}, {}})),
              ElementsAre("1.6.20"));
  EXPECT_THAT(problem_of({{"debian:sid"}, {"1.1.1"}, {}, {}, {}}),
              HasSubstr("--containerd debian:sid: no recorded run says which version that is"));
}

TEST(Question, IsRefusedInOneSentence) {
  EXPECT_THAT(problem_of({{}, {"1.1.1"}, {}, {}, {}}),
              HasSubstr("nothing is asked for --containerd"));
  EXPECT_THAT(problem_of({{"1.6.2"}, {}, {}, {}, {}}), HasSubstr("nothing is asked for --plugins"));
  EXPECT_THAT(problem_of({{"1.66.*"}, {"1.1.1"}, {}, {}, {}}),
              HasSubstr("--containerd 1.66.*: no release is in there"));
  EXPECT_THAT(problem_of({{"1.6.2"}, {"so"}, {}, {}, {}}), HasSubstr("--plugins so: "));
  EXPECT_THAT(problem_of({{"dir:/x"}, {"1.1.1"}, {}, {}, {}}),
              HasSubstr("compat asks no binary which version it is"));
  EXPECT_THAT(problem_of({{"1.6.2"}, {"1.1.1"}, {"nothing.conflist"}, {}, {}}),
              HasSubstr("--conflist nothing.conflist: there is no conflist nothing.conflist"));
  EXPECT_THAT(problem_of({{"1.6.2"}, {"1.1.1"}, {}, {}, {"7.0"}}), HasSubstr("Kubernetes 7.0"));
}

TEST(Question, OfAListIsAboutItsOwnCniVersion) {
  const auto folder = value_or_throw(TemporaryDirectory::create());
  const auto file = folder.path() / "my net.conflist";
  value_or_throw(write_file(file, R"({"name": "x", "plugins": [{"type": "bridge"}]})"));
  const auto replies = ask({{"1.6.2"}, {"1.1.1"}, {file.string()}, {}, {}});
  ASSERT_EQ(replies.size(), 1U);
  ASSERT_EQ(replies.front().answers.size(), 1U);
  EXPECT_EQ(replies.front().answers.front().subject.cni_version, "none");
  EXPECT_EQ(replies.front().status(), ExitStatus::bad_news);
  EXPECT_EQ(replies.front().command(),
            "cni-matrix run --containerd 1.6.2 --plugins 1.1.1 --conflist '" + file.string() + "'");
}

TEST(Question, OfKubernetesIsWhichContainerdsAreRecommended) {
  const auto notes = [](const std::string& containerd, const std::string& kubernetes) {
    return ask({{containerd}, {"1.1.1"}, {}, {"1.0.0"}, {kubernetes}}).front();
  };
  EXPECT_FALSE(notes("1.6.2", "1.24").kubernetes.front().is_recommended);
  EXPECT_EQ(notes("1.6.2", "1.24").status(), ExitStatus::good);
  EXPECT_TRUE(notes("1.6.4", "1.24").kubernetes.front().is_recommended);
  EXPECT_THAT(notes("1.6.4", "1.24").kubernetes.front().recommended,
              ElementsAre("1.7.0+", "1.6.4+", "1.5.11+"));
  // It speaks CRI v1 alone since 1.26, and this containerd does not.
  const auto mute = notes("1.5.11", "1.26");
  EXPECT_TRUE(mute.kubernetes.front().cannot_talk);
  ASSERT_NE(mute.kubernetes.front().why, nullptr);
  EXPECT_EQ(mute.kubernetes.front().why->id, "F70");
  EXPECT_EQ(mute.status(), ExitStatus::bad_news);
  EXPECT_THAT(summary_of({mute}),
              HasSubstr("does not work: Kubernetes 1.26 and containerd 1.5.11"));
  EXPECT_THAT(text_of(shipped(), {mute}), HasSubstr("\nF70  "));
  // Without a containerd it is asked for those.
  const auto all = ask({{}, {"1.1.1"}, {}, {"1.0.0"}, {"1.24"}});
  EXPECT_THAT(containerds_of(all), ::testing::Contains("1.6.4"));
  EXPECT_THAT(containerds_of(all), ::testing::Not(::testing::Contains("1.6.3")));
}

TEST(Question, IsAnsweredInJsonAsItsSchemaSays) {
  for (const auto& asked :
       {Asked{{"1.6.*", "2.1.9", "9.0.0"}, {"0.9.1", "1.9.1"}, {}, {}, {"1.24", "1.26"}},
        Asked{{"1.6.20"}, {"1.1.1"}, {"bridge-firewall", "ptp"}, {"as-is", "none"}, {}}}) {
    const auto replies = ask(asked);
    const auto value = Json::parse(json_of(shipped(), replies).dump());
    const auto good = check_schema(value, "compat", "answer");
    EXPECT_TRUE(good) << good.error().message;
    EXPECT_EQ(value.at("exit_status").get<int>(), number_of(status_of(replies)));
    for (const auto& one : value.at("replies")) {
      for (const auto& answer : one.at("answers")) {
        for (const auto& behaviour : answer.at("behaviours")) {
          EXPECT_TRUE(value.at("behaviours").contains(behaviour.at("id").get<std::string>()));
        }
        for (const auto& row : answer.at("evidence")) {
          EXPECT_TRUE(value.at("runs").contains(std::to_string(row.at("run").get<int>())));
          EXPECT_TRUE(
              value.at("builds").contains(std::to_string(row.at("plugins_build").get<int>())));
        }
      }
    }
  }
}

}  // namespace
}  // namespace cni_matrix::compat
