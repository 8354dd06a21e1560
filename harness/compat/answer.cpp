#include "answer.hpp"

#include "artifacts/catalog.hpp"
#include "base/names.hpp"
#include "base/try.hpp"
#include "cni/libcni_traits.hpp"
#include "cni/profile.hpp"
#include "runtime/plugin_releases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace cni_matrix::compat {

namespace {

constexpr auto k_words = names_of<Word>({{Word::works, "works"},
                                         {Word::works_with_known, "works-with-known"},
                                         {Word::fails, "fails"},
                                         {Word::not_tried, "not-tried"}});
constexpr auto k_sources = names_of<Source>({{Source::run, "run"},
                                             {Source::predicted, "predicted"},
                                             {Source::modelled, "modelled"},
                                             {Source::known, "known"},
                                             {Source::none, "none"}});

bool has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool have_the_same(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

std::vector<Version> sorted(const std::set<Version>& versions) {
  return {versions.begin(), versions.end()};
}

// Of the catalog, for any architecture: what is known does not hang on the machine that is asked.
std::set<Version> releases_of(const artifacts::Catalog& catalog, artifacts::Component component) {
  std::set<Version> releases;
  for (const auto* architecture : {"amd64", "arm64"}) {
    const auto some = catalog.versions(component, architecture);
    releases.insert(some.begin(), some.end());
  }
  return releases;
}

std::string sentence_of(const RecordedOutcome& outcome) {
  std::vector<std::string> seen;
  for (const auto& failure : outcome.failed) {
    seen.push_back(fmt::format("{}: {}", failure.step, failure.error));
  }
  if (!outcome.left.empty()) {
    seen.push_back(fmt::format("left: {}", fmt::join(outcome.left, ", ")));
  }
  return fmt::format("{}", fmt::join(seen, "; "));
}

// Plugins of the list that are none of the reference plugins of that release.
std::vector<std::string> foreign_types(const NetworkList& list, const Version& plugins) {
  std::vector<std::string> foreign;
  std::copy_if(list.types.begin(), list.types.end(), std::back_inserter(foreign),
               [&](const std::string& type) { return !release_has_plugin(plugins, type); });
  return foreign;
}

// Whether libcni of that containerd looks at "cniVersions".
bool chooses_version(const Version& containerd) {
  const auto profile = cni::profile_for(containerd);
  return profile && cni::LibcniTraits::of(profile->libcni).version_list;
}

}  // namespace

std::string_view name_of(Word word) {
  return k_words.of(word);
}

std::string_view name_of(Source source) {
  return k_sources.of(source);
}

const RecordedOutcome* outcome_of(const Records& records, const RecordedRow& row,
                                  const std::string& cni_version) {
  // libcni and plugins take an empty text for none.
  const auto found = row.outcomes.find(cni_version == "empty" ? "none" : cni_version);
  return found == row.outcomes.end() ? nullptr : &records.outcomes[found->second];
}

// What was run, and what it is to the subject.
struct Knowledge::Proof {
  Source source = Source::none;
  std::vector<const RecordedRow*> rows;
  bool in_pieces = false;
};

Knowledge::Knowledge(std::shared_ptr<const verdict::KnownBehaviours> behaviours,
                     std::shared_ptr<const Records> records, Likeness likeness)
    : m_behaviours(std::move(behaviours)),
      m_records(std::move(records)),
      m_likeness(std::move(likeness)),
      m_forecaster(*m_behaviours, m_likeness.containerds(), cni_versions()) {}

const std::vector<std::string>& Knowledge::cni_versions() {
  static const std::vector<std::string> versions = {"none",  "0.1.0", "0.2.0", "0.3.0",
                                                    "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
  return versions;
}

Expected<Knowledge> Knowledge::load(const std::filesystem::path& records) {
  TRY_ASSIGN(auto behaviours, verdict::KnownBehaviours::load());
  TRY_ASSIGN(auto read, Records::load(records));
  return make(std::move(behaviours), std::move(read));
}

Expected<Knowledge> Knowledge::make(verdict::KnownBehaviours behaviours, Records records) {
  TRY_ASSIGN(const auto catalog, artifacts::Catalog::load());
  const auto shared_behaviours =
      std::make_shared<const verdict::KnownBehaviours>(std::move(behaviours));
  const auto shared_records = std::make_shared<const Records>(std::move(records));
  auto containerds = releases_of(catalog, artifacts::Component::containerd);
  auto plugins = releases_of(catalog, artifacts::Component::plugins);
  for (const auto& build : shared_records->builds) {
    if (build.component == artifacts::Component::plugins) {
      plugins.insert(build.version);
    }
  }
  TRY_ASSIGN(auto likeness, Likeness::make(*shared_behaviours, sorted(plugins)));
  Knowledge knowledge(shared_behaviours, shared_records, std::move(likeness));
  knowledge.m_catalog_containerds = sorted(containerds);
  const auto& listed = knowledge.m_likeness.containerds();
  containerds.insert(listed.begin(), listed.end());
  for (const auto& row : shared_records->rows) {
    containerds.insert(row.containerd_version);
  }
  knowledge.m_containerds = sorted(containerds);
  return knowledge;
}

bool Knowledge::is_same(const RecordedRow& row, const Subject& subject) const {
  return row.containerd_version == subject.containerd &&
         m_records->builds[row.plugins].version == subject.plugins;
}

bool Knowledge::is_alike(const RecordedRow& row, const Subject& subject) const {
  return m_likeness.of_containerds(row.containerd_version, subject.containerd) &&
         m_likeness.of_plugins(m_records->builds[row.plugins].version, subject.plugins, subject);
}

// Those of the very releases come first.
const RecordedRow* Knowledge::of_this_list(const std::vector<const RecordedRow*>& rows,
                                           const Subject& subject) const {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const RecordedRow* row) {
    return have_the_same(m_records->lists[row->list].kinds, NetworkList::kinds_of(subject.traits));
  });
  return found == rows.end() ? nullptr : *found;
}

// Lists that work, in which each plugin of this one is; none where there is not one for each.
std::vector<const RecordedRow*> Knowledge::of_its_plugins(
    const std::vector<const RecordedRow*>& rows, const Subject& subject) const {
  std::vector<const RecordedRow*> chosen;
  auto lacking = NetworkList::kinds_of(subject.traits);
  for (const auto* row : rows) {
    const auto& kinds = m_records->lists[row->list].kinds;
    const bool helps = std::any_of(lacking.begin(), lacking.end(),
                                   [&](const std::string& one) { return has(kinds, one); });
    if (helps && outcome_of(*m_records, *row, subject.cni_version)->works()) {
      chosen.push_back(row);
      std::erase_if(lacking, [&](const std::string& one) { return has(kinds, one); });
    }
  }
  return lacking.empty() ? chosen : std::vector<const RecordedRow*>();
}

Knowledge::Proof Knowledge::prove(const Subject& subject, const NetworkList& list) const {
  if ((list.names_versions && chooses_version(subject.containerd)) ||
      !foreign_types(list, subject.plugins).empty()) {
    return {};
  }
  for (const bool modelled : {false, true}) {
    std::vector<const RecordedRow*> rows;
    for (const auto& row : m_records->rows) {
      if (row.modelled == modelled && outcome_of(*m_records, row, subject.cni_version) != nullptr &&
          is_alike(row, subject)) {
        rows.push_back(&row);
      }
    }
    // The last run counts.
    std::stable_sort(rows.begin(), rows.end(), [&](const RecordedRow* a, const RecordedRow* b) {
      return std::pair(is_same(*a, subject), a->run) > std::pair(is_same(*b, subject), b->run);
    });
    Proof proof;
    if (const auto* row = of_this_list(rows, subject); row != nullptr) {
      proof.rows = {row};
      proof.source = is_same(*row, subject) ? Source::run : Source::predicted;
    } else {
      proof.rows = of_its_plugins(rows, subject);
      proof.in_pieces = true;
      proof.source = proof.rows.empty() ? Source::none : Source::predicted;
    }
    if (modelled && proof.source != Source::none) {
      proof.source = Source::modelled;
    }
    if (proof.source != Source::none) {
      return proof;
    }
  }
  return {};
}

std::string Knowledge::missing_proof(const Subject& subject, const NetworkList& list) const {
  if (const auto foreign = foreign_types(list, subject.plugins); !foreign.empty()) {
    return fmt::format("{} {} of the reference plugins {}", fmt::join(foreign, ", "),
                       foreign.size() == 1 ? "is none" : "are none", subject.plugins.str());
  }
  if (list.names_versions && chooses_version(subject.containerd)) {
    return fmt::format("containerd {} chooses a version from the list's cniVersions",
                       subject.containerd.str());
  }
  const auto& containerds = m_likeness.containerds();
  if (!std::binary_search(containerds.begin(), containerds.end(), subject.containerd)) {
    return fmt::format("nothing is known of containerd {}", subject.containerd.str());
  }
  if (!std::binary_search(plugins().begin(), plugins().end(), subject.plugins)) {
    return fmt::format("nothing is known of plugins {}", subject.plugins.str());
  }
  return fmt::format(
      "no run of releases that behave as containerd {} and plugins {} do had {} at that cniVersion",
      subject.containerd.str(), subject.plugins.str(), fmt::join(list.types, ", "));
}

Answer Knowledge::answer(const Version& containerd, const Version& plugins, const NetworkList& list,
                         const std::string& cni_version) const {
  Subject subject{containerd, plugins, cni_version, list.traits};
  return answer(std::move(subject), list);
}

Answer Knowledge::answer(Subject subject, const NetworkList& list) const {
  subject.foreign = foreign_types(list, subject.plugins).size() == list.types.size();
  Answer answer;
  answer.subject = std::move(subject);
  const auto& about = answer.subject;
  auto proof = prove(about, list);
  const auto source = proof.source;
  answer.rows = std::move(proof.rows);
  answer.in_pieces = proof.in_pieces;
  answer.behaviours = m_forecaster.failures(about);
  const auto* outcome = answer.rows.empty()
                            ? nullptr
                            : outcome_of(*m_records, *answer.rows.front(), about.cni_version);
  if (!answer.behaviours.empty()) {
    answer.word = Word::fails;
    answer.source = source == Source::run && !outcome->works() ? Source::run : Source::known;
    return answer;
  }
  answer.source = source;
  if (source == Source::none) {
    answer.why = missing_proof(about, list);
    return answer;
  }
  if (!outcome->works()) {
    answer.word = Word::fails;
    answer.why = sentence_of(*outcome);
    return answer;
  }
  answer.behaviours = m_forecaster.beside(about);
  answer.word = answer.behaviours.empty() ? Word::works : Word::works_with_known;
  for (const auto& key : list.keys) {
    if (std::none_of(answer.rows.begin(), answer.rows.end(), [&](const RecordedRow* row) {
          return has(m_records->lists[row->list].keys, key);
        })) {
      answer.new_keys.push_back(key);
    }
  }
  return answer;
}

}  // namespace cni_matrix::compat
