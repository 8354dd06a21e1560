#pragma once

#include "forecast.hpp"
#include "likeness.hpp"
#include "network_list.hpp"
#include "records.hpp"
#include "subject.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Answers without a run.
namespace cni_matrix::compat {

enum class Word {
  works,             // pods can be started, stopped and removed, and nothing is left
  works_with_known,  // the same; known behaviours show on some occasion
  fails,
  not_tried,  // nobody tried it, and nothing is known of it
};
std::string_view name_of(Word word);  // "works", "works-with-known", "fails", "not-tried"

// Where a word comes from.
enum class Source {
  run,        // a run of these releases, with the real containerd
  predicted,  // such a run of releases that behave alike
  modelled,   // a run of the embedded runtime
  known,      // a known behaviour
  none,
};
std::string_view name_of(Source source);  // "run", "predicted", ...

// What is said of one containerd, one set of plugins, one list, one cniVersion.
struct Answer {
  Subject subject;
  Word word = Word::not_tried;
  Source source = Source::none;
  std::vector<Foreseen> behaviours;  // why it fails; or what shows on some occasion
  // What was run, where something like it was: one row, or one for each list that has some of this
  // one's plugins. Into Knowledge::records().
  std::vector<const RecordedRow*> rows;
  bool in_pieces = false;  // no such list was run, but its plugins in others
  // fails, where no known behaviour says why: what was seen. not_tried: what is missing.
  std::string why;
  std::vector<std::string> new_keys;  // of the list's, that no list of these rows has

  [[nodiscard]] bool works() const { return word == Word::works || word == Word::works_with_known; }
};

// What is known: behaviours by their cause, recorded runs, and which releases are alike.
class Knowledge {
 public:
  // The shipped known behaviours, with the records of a file. Error kind: input.
  static Expected<Knowledge> load(const std::filesystem::path& records);
  static Expected<Knowledge> make(verdict::KnownBehaviours behaviours, Records records);

  [[nodiscard]] Answer answer(const Version& containerd, const Version& plugins,
                              const NetworkList& list, const std::string& cni_version) const;
  // The same for pods that publish a host port, with or without the chain KUBE-MARK-MASQ. No run is
  // recorded of such: where no known behaviour speaks against it, what holds for others holds.
  [[nodiscard]] Answer answer(Subject subject, const NetworkList& list) const;

  // The cniVersions of the specification, after "none": what a list without one of its own is asked
  // for.
  static const std::vector<std::string>& cni_versions();

  [[nodiscard]] const verdict::KnownBehaviours& behaviours() const { return *m_behaviours; }
  [[nodiscard]] const Records& records() const { return *m_records; }
  [[nodiscard]] const Likeness& likeness() const { return m_likeness; }
  [[nodiscard]] const Forecaster& forecaster() const { return m_forecaster; }
  // Of the catalog.
  [[nodiscard]] const std::vector<Version>& catalog_containerds() const {
    return m_catalog_containerds;
  }
  // In rising order, with those that were recorded.
  [[nodiscard]] const std::vector<Version>& containerds() const { return m_containerds; }
  [[nodiscard]] const std::vector<Version>& plugins() const { return m_likeness.plugins(); }

 private:
  struct Proof;
  Knowledge(std::shared_ptr<const verdict::KnownBehaviours> behaviours,
            std::shared_ptr<const Records> records, Likeness likeness);
  [[nodiscard]] Proof prove(const Subject& subject, const NetworkList& list) const;
  [[nodiscard]] bool is_alike(const RecordedRow& row, const Subject& subject) const;
  [[nodiscard]] bool is_same(const RecordedRow& row, const Subject& subject) const;
  [[nodiscard]] const RecordedRow* of_this_list(const std::vector<const RecordedRow*>& rows,
                                                const Subject& subject) const;
  [[nodiscard]] std::vector<const RecordedRow*> of_its_plugins(
      const std::vector<const RecordedRow*>& rows, const Subject& subject) const;
  [[nodiscard]] std::string missing_proof(const Subject& subject, const NetworkList& list) const;

  std::shared_ptr<const verdict::KnownBehaviours> m_behaviours;
  std::shared_ptr<const Records> m_records;
  Likeness m_likeness;
  Forecaster m_forecaster;
  std::vector<Version> m_catalog_containerds;
  std::vector<Version> m_containerds;
};

// The outcome of a row for a cniVersion; null where it was not run.
const RecordedOutcome* outcome_of(const Records& records, const RecordedRow& row,
                                  const std::string& cni_version);

}  // namespace cni_matrix::compat
