#include "compat/answer.hpp"

#include "observed_rows.hpp"
#include "shipped.hpp"

#include "verdict/failures.hpp"
#include "verdict/normalise.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace cni_matrix::compat {
namespace {

using testing::answer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ids_of;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::shipped;
using testing::shipped_list;
using testing::version;
using Call = scenario::Effect::Call;

// Whether one of the answer's behaviours says such an error of a step.
bool explains(const Answer& answer, const std::string& step, const std::string& error) {
  const auto text = verdict::normalise_error(error);
  const auto is_so = [&](const verdict::BehaviourCase& rule) {
    for (const auto* prefix :
         {"failed to setup network for sandbox \"<ID>\": ",
          "failed to destroy network for sandbox \"<ID>\": ",
          "failed to forcibly stop sandbox \"<ID>\": failed to destroy network for sandbox "
          "\"<ID>\": ",
          ""}) {
      if (verdict::is_error_of(rule, prefix, text, answer.subject.cni_version)) {
        return true;
      }
    }
    return false;
  };
  for (const auto& foreseen : answer.behaviours) {
    for (const auto& rule : foreseen.behaviour->cases) {
      const bool is_of_step =
          std::find(rule.steps.begin(), rule.steps.end(), step) != rule.steps.end() ||
          (step == "remove" &&
           std::find(rule.steps.begin(), rule.steps.end(), "stop") != rule.steps.end());
      if (is_of_step && is_so(rule)) {
        return true;
      }
    }
  }
  return false;
}

bool fails_at(const Answer& answer, const std::string& step) {
  return answer.word == Word::fails &&
         std::any_of(answer.behaviours.begin(), answer.behaviours.end(),
                     [&](const Foreseen& one) { return one.step == step; });
}

// A row of observed outcomes, walked along with what is answered for the stack of each step.
class Walk {
 public:
  explicit Walk(const verdict::Observation& row) : m_row(row), m_list(shipped_list(row.conflist)) {
    m_subject = {row.containerd, row.plugins, row.cni_version, m_list.traits};
    m_subject.host_port = row.host_port;
    m_subject.mark_chain = row.mark_chain;
  }

  // What is wrong; empty when all is right.
  std::string go() {
    for (const auto& step : m_row.steps) {
      take(step);
    }
    if (!m_changed && asked().works() && !m_row.leftover.empty()) {
      wrong("works, and something was left");
    }
    return m_wrong;
  }
  [[nodiscard]] std::size_t checked() const { return m_checked; }

 private:
  Answer asked() { return shipped().answer(m_subject, m_list); }

  void wrong(const std::string& what) { m_wrong += "  " + what + "\n"; }

  void take(const scenario::StepResult& step) {
    const auto& effect = step.effect;
    if (effect.call != Call::none) {
      return call(step);
    }
    if (step.step == "restart-runtime") {
      return;
    }
    m_subject.containerd = effect.containerd.value_or(m_subject.containerd);
    m_subject.plugins = effect.plugins.value_or(m_subject.plugins);
    m_subject.cni_version = effect.cni_version.value_or(m_subject.cni_version);
    m_changed = true;
    // What is taken away is nobody's question, and comes back as it was.
    m_taken = (m_taken || !effect.plugin_gone.empty() || effect.conflist_gone.value_or(false)) &&
              effect.plugin_back.empty() && effect.conflist_gone != std::optional(false);
  }

  void call(const scenario::StepResult& step) {
    if (m_taken) {
      return;
    }
    ++m_checked;
    const auto said = asked();
    const auto* name = step.effect.call == Call::run    ? "run"
                       : step.effect.call == Call::stop ? "stop"
                                                        : "remove";
    const auto told = fmt::format("{}, {}", name, step.ok ? "ok" : step.error);
    if (said.word == Word::not_tried) {
      return wrong("nobody tried it: " + said.why);
    }
    // Of a pod that was started under something else an answer says how it stops, unless none can
    // be started now.
    const bool is_asked = !m_changed || (step.effect.call == Call::stop && !fails_at(said, "run"));
    if (is_asked && !step.ok && !explains(said, name, step.error)) {
      wrong(fmt::format("{} for {}; {}", name_of(said.word), fmt::join(ids_of(said), " "), told));
    }
    if (m_changed) {
      return;
    }
    if (step.effect.call == Call::run && step.ok == fails_at(said, "run")) {
      wrong("run is said otherwise: " + told);
    }
    if (step.effect.call == Call::stop && !fails_at(said, "run") &&
        step.ok == fails_at(said, "stop")) {
      wrong("stop is said otherwise: " + told);
    }
  }

  const verdict::Observation& m_row;
  NetworkList m_list;
  Subject m_subject;
  bool m_changed = false;  // under a pod
  bool m_taken = false;
  std::size_t m_checked = 0;
  std::string m_wrong;
};

TEST(ObservedRows, AreAsTheAnswersSay) {
  const auto rows = verdict::testing::observed_rows();
  ASSERT_EQ(rows.size(), 748U);
  std::size_t checked = 0;
  for (const auto& row : rows) {
    Walk walk(row);
    EXPECT_EQ(walk.go(), "") << row.name << (row.host_port ? " hostport" : "")
                             << (row.mark_chain ? " markchain" : "");
    checked += walk.checked();
  }
  EXPECT_GT(checked, 1900U);
}

TEST(Answer, TellsLoopbackOfContainerd163WithPluginsBefore100Alone) {
  const auto list = shipped_list("bridge-portmap");
  for (const auto& containerd : shipped().containerds()) {
    for (const auto& plugins : shipped().plugins()) {
      const bool meant = containerd == version("1.6.3") && plugins < version("1.0.0");
      for (const auto* cni_version : {"none", "0.4.0", "1.0.0"}) {
        const auto said = shipped().answer(containerd, plugins, list, cni_version);
        if (meant) {
          EXPECT_EQ(said.word, Word::fails) << plugins.str() << " " << cni_version;
          EXPECT_THAT(ids_of(said), Contains("F01")) << plugins.str() << " " << cni_version;
        } else {
          EXPECT_THAT(ids_of(said), Not(Contains("F01"))) << containerd.str();
        }
      }
    }
  }
}

TEST(Answer, TellsAListWithoutVersionOfContainerd130To163) {
  for (const auto& containerd : shipped().containerds()) {
    for (const auto* absent : {"none", "empty"}) {
      const auto said = answer(containerd.str(), "1.1.1", absent);
      if (containerd >= version("1.3.0") && containerd <= version("1.6.3")) {
        EXPECT_EQ(said.word, Word::fails) << containerd.str();
        EXPECT_THAT(ids_of(said), Contains("F02")) << containerd.str();
      } else {
        EXPECT_THAT(ids_of(said), Not(Contains("F02"))) << containerd.str();
        EXPECT_TRUE(said.works()) << containerd.str() << " " << said.why;
      }
    }
    EXPECT_THAT(ids_of(answer(containerd.str(), "1.1.1", "0.4.0")), Not(Contains("F02")));
  }
}

TEST(Answer, TellsAListThatIsNewerThanThePlugins) {
  const std::vector<std::pair<std::string, std::string>> newest = {
      {"0.6.0", "0.3.1"}, {"0.7.5", "0.3.1"}, {"0.8.1", "0.4.0"}, {"0.9.1", "0.4.0"},
      {"1.0.0", "1.0.0"}, {"1.5.1", "1.0.0"}, {"1.6.0", "1.1.0"}, {"1.9.1", "1.1.0"}};
  for (const auto& containerd : shipped().containerds()) {
    for (const auto& [plugins, highest] : newest) {
      for (const auto* cni_version : {"0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
        const auto said = answer(containerd.str(), plugins, cni_version);
        const bool newer = version(cni_version) > version(highest);
        EXPECT_EQ(std::count_if(said.behaviours.begin(), said.behaviours.end(),
                                [](const Foreseen& one) { return one.behaviour->id == "F03"; }) > 0,
                  newer)
            << containerd.str() << " " << plugins << " " << cni_version;
        EXPECT_TRUE(!newer || said.word == Word::fails);
      }
    }
  }
}

TEST(Answer, SaysWhereItIsFrom) {
  const auto real = answer("1.6.20", "1.1.1", "1.0.0");
  EXPECT_EQ(real.source, Source::run);
  EXPECT_EQ(real.word, Word::works_with_known);
  ASSERT_EQ(real.rows.size(), 1U);
  EXPECT_TRUE(real.rows.front()->containerd.has_value());

  const auto neighbour = answer("1.6.19", "1.3.0", "1.0.0");
  EXPECT_EQ(neighbour.source, Source::predicted);
  ASSERT_FALSE(neighbour.rows.empty());
  EXPECT_EQ(neighbour.rows.front(), real.rows.front());

  const auto model = answer("1.6.2", "1.1.1", "1.0.0");
  EXPECT_EQ(model.source, Source::modelled);
  EXPECT_TRUE(model.works());
  ASSERT_FALSE(model.rows.empty());
  EXPECT_TRUE(model.rows.front()->modelled);

  const auto seen = answer("1.4.13", "1.1.1", "none");
  EXPECT_EQ(seen.word, Word::fails);
  EXPECT_EQ(seen.source, Source::run);
  EXPECT_EQ(answer("1.6.2", "1.1.1", "none").source, Source::known);
}

TEST(Answer, IsThatNobodyTriedItWhereNothingAlikeWasRun) {
  const auto unknown = answer("9.0.0", "1.1.1", "1.0.0");
  EXPECT_EQ(unknown.word, Word::not_tried);
  EXPECT_EQ(unknown.source, Source::none);
  EXPECT_THAT(unknown.why, HasSubstr("containerd 9.0.0"));
  EXPECT_EQ(answer("1.6.20", "1.1.9", "1.0.0").word, Word::not_tried);
  // Known of any containerd.
  EXPECT_EQ(answer("9.0.0", "0.9.1", "1.0.0").word, Word::fails);
  // No release before 0.8 was run.
  EXPECT_EQ(answer("1.6.20", "0.7.5", "0.3.1").word, Word::not_tried);
}

NetworkList list_of(const std::string& plugins) {
  return NetworkList::of(
      Json::parse(R"({"cniVersion": "1.0.0", "name": "n", "plugins": )" + plugins + "}"));
}

Answer ask(const NetworkList& list, const std::string& containerd, const std::string& plugins,
           const std::string& cni_version) {
  return shipped().answer(version(containerd), version(plugins), list, cni_version);
}

TEST(Answer, OfAListIsByItsPluginsAndNotByItsName) {
  const auto renamed = list_of(
      R"([{"type": "bridge", "bridge": "br9", "isGateway": true, "ipMasq": true,
           "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.9.0.0/24"}]]}},
          {"type": "portmap", "capabilities": {"portMappings": true},
           "externalSetMarkChain": "KUBE-MARK-MASQ"}])");
  const auto said = ask(renamed, "1.6.20", "1.1.1", "1.0.0");
  EXPECT_EQ(said.source, Source::run);
  EXPECT_THAT(said.new_keys, IsEmpty());
  // The pieces of it in other lists: predicted.
  const auto firewalled = list_of(
      R"([{"type": "ptp", "ipMasq": true, "mtu": 1400,
           "ipam": {"type": "host-local", "subnet": "10.9.0.0/24"}}, {"type": "firewall"}])");
  const auto pieces = ask(firewalled, "1.6.20", "1.1.1", "1.0.0");
  EXPECT_TRUE(pieces.works()) << pieces.why;
  EXPECT_EQ(pieces.source, Source::predicted);
  EXPECT_THAT(pieces.rows.size(), ::testing::Ge(2U));
  EXPECT_THAT(pieces.new_keys, ElementsAre("host-local.subnet", "ptp.mtu"));
}

TEST(Answer, OfAListWithForeignPluginsIsThatNobodyTriedIt) {
  const auto foreign = list_of(R"([{"type": "calico", "ipam": {"type": "calico-ipam"}}])");
  const auto said = ask(foreign, "1.6.20", "1.1.1", "1.0.0");
  EXPECT_EQ(said.word, Word::not_tried);
  EXPECT_THAT(said.why, HasSubstr("calico, calico-ipam are none of the reference plugins 1.1.1"));
  // What version the list may have is calico's own affair...
  EXPECT_EQ(ask(foreign, "1.6.20", "0.9.1", "1.0.0").word, Word::not_tried);
  // ... what containerd does with a list without one, or with its loopback, is not.
  EXPECT_THAT(ids_of(ask(foreign, "1.6.2", "1.1.1", "none")), Contains("F02"));
  EXPECT_THAT(ids_of(ask(foreign, "1.6.3", "0.9.1", "1.0.0")), Contains("F01"));
  // A release from before vrf.
  EXPECT_THAT(answer("1.6.20", "0.8.7", "0.4.0", "bridge-vrf").why,
              HasSubstr("vrf is none of the reference plugins 0.8.7"));
  // Beside a reference plugin that refuses it, it does not matter.
  const auto mixed = list_of(R"([{"type": "bridge"}, {"type": "our-meta"}])");
  EXPECT_THAT(ids_of(ask(mixed, "1.6.20", "0.9.1", "1.0.0")), Contains("F03"));
  const auto tried = ask(mixed, "1.6.20", "1.1.1", "1.0.0");
  EXPECT_EQ(tried.word, Word::not_tried);
  EXPECT_THAT(tried.why, HasSubstr("our-meta is none of the reference plugins"));
}

TEST(Answer, OfAListThatNamesSeveralVersionsIsLeftToContainerdsThatChoose) {
  auto list = shipped_list("bridge-portmap");
  list.names_versions = true;
  EXPECT_TRUE(ask(list, "1.6.20", "1.9.1", "1.0.0").works());
  EXPECT_THAT(ask(list, "2.1.9", "1.9.1", "1.0.0").why, HasSubstr("cniVersions"));
}

TEST(Answer, HasWhatShowsOnAnOccasion) {
  const auto said = answer("1.6.20", "1.1.1", "1.0.0");
  const auto occasion = [&](const std::string& id) {
    const auto found = std::find_if(said.behaviours.begin(), said.behaviours.end(),
                                    [&](const Foreseen& one) { return one.behaviour->id == id; });
    return found == said.behaviours.end() ? "" : std::string(name_of(found->occasion));
  };
  EXPECT_EQ(occasion("F94"), "host-port");
  EXPECT_EQ(occasion("F25"), "netns-gone");
  const auto old = answer("1.4.13", "0.9.1", "0.4.0");
  EXPECT_TRUE(old.works()) << old.why;
  const auto edited = std::find_if(old.behaviours.begin(), old.behaviours.end(),
                                   [](const Foreseen& one) { return one.behaviour->id == "F11"; });
  ASSERT_NE(edited, old.behaviours.end());
  EXPECT_EQ(edited->occasion, Occasion::edited);
  EXPECT_EQ(edited->of, "none, 0.1.0, 0.2.0");
}

TEST(Answer, OfWhatWasRunIsWhatKnownBehavioursSay) {
  const auto& records = shipped().records();
  std::size_t cells = 0;
  for (const auto& row : records.rows) {
    for (const auto& [cni_version, place] : row.outcomes) {
      const auto& outcome = records.outcomes[place];
      const Subject subject{row.containerd_version, records.builds[row.plugins].version,
                            cni_version, records.lists[row.list].kinds};
      const auto failures = shipped().forecaster().failures(subject);
      const auto name = fmt::format("{} {} {} {}", records.lists[row.list].name,
                                    subject.containerd.str(), subject.plugins.str(), cni_version);
      EXPECT_EQ(outcome.works(), failures.empty()) << name;
      EXPECT_EQ(outcome.verdict == "pass", failures.empty()) << name;
      EXPECT_NE(outcome.verdict, "fail") << name;
      ++cells;
    }
  }
  EXPECT_GT(cells, 300U);
}

}  // namespace
}  // namespace cni_matrix::compat
