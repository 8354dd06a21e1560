#include "page.hpp"

#include "question.hpp"
#include "words.hpp"

#include "base/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>

namespace cni_matrix::compat {

namespace {

// Releases that follow each other and answer alike: [first, last] of an axis.
struct Span {
  std::size_t first = 0;
  std::size_t last = 0;
};

// What is said of each containerd with each set of plugins.
class Grid {
 public:
  Grid(std::vector<Version> containerds, std::vector<Version> plugins, std::vector<Reply> replies)
      : m_containerds(std::move(containerds)),
        m_plugins(std::move(plugins)),
        m_replies(std::move(replies)),
        m_failures(failures_of(m_replies)),
        m_words(m_replies.size()) {
    std::transform(m_replies.begin(), m_replies.end(), m_words.begin(),
                   [this](const Reply& reply) { return words_of(reply); });
    m_rows = spans(m_containerds.size(), [this](std::size_t a, std::size_t b) {
      return alike(m_plugins.size(), [&](std::size_t i) { return std::pair{at(a, i), at(b, i)}; });
    });
    m_columns = spans(m_plugins.size(), [this](std::size_t a, std::size_t b) {
      return alike(m_containerds.size(), [&](std::size_t i) {
        return std::pair{at(i, a), at(i, b)};
      });
    });
  }

  [[nodiscard]] const std::vector<Span>& rows() const { return m_rows; }
  [[nodiscard]] const std::vector<Span>& columns() const { return m_columns; }
  [[nodiscard]] const std::vector<Mention>& failures() const { return m_failures; }
  [[nodiscard]] const std::vector<Reply>& replies() const { return m_replies; }

  static std::string name_of(const std::vector<Version>& axis, const Span& span) {
    return span.first == span.last
               ? axis[span.first].str()
               : fmt::format("{} to {}", axis[span.first].str(), axis[span.last].str());
  }
  [[nodiscard]] std::string row_name(const Span& span) const {
    return name_of(m_containerds, span);
  }
  [[nodiscard]] std::string column_name(const Span& span) const { return name_of(m_plugins, span); }

  // Of the first of them, for which all others stand.
  [[nodiscard]] const Reply& reply(const Span& row, const Span& column) const {
    return m_replies[at(row.first, column.first)];
  }
  // The best source that one of them has for a cniVersion.
  [[nodiscard]] Source best_source(const Span& row, const Span& column, std::size_t version) const {
    auto best = Source::none;
    for (auto c = row.first; c <= row.last; ++c) {
      for (auto p = column.first; p <= column.last; ++p) {
        best = std::min(best, m_replies[at(c, p)].answers[version].source);
      }
    }
    return best;
  }
  // Those containerds that were run, for real, with plugins of the column.
  [[nodiscard]] std::string run_here(const Span& row, const Span& column) const {
    std::vector<std::string> versions;
    for (auto c = row.first; c <= row.last; ++c) {
      for (auto p = column.first; p <= column.last; ++p) {
        const auto& answers = m_replies[at(c, p)].answers;
        if (std::any_of(answers.begin(), answers.end(),
                        [](const Answer& one) { return one.source == Source::run; })) {
          versions.push_back(fmt::format("{} with {}", m_containerds[c].str(), m_plugins[p].str()));
        }
      }
    }
    return fmt::format("{}", fmt::join(versions, ", "));
  }

 private:
  // The place of a reply, which also is that of its words.
  [[nodiscard]] std::size_t at(std::size_t containerd, std::size_t plugins) const {
    return containerd * m_plugins.size() + plugins;
  }

  // All that is said; of where it comes from only whether that is a model.
  [[nodiscard]] std::string words_of(const Reply& reply) const {
    std::string words;
    for (const auto& answer : reply.answers) {
      words += answer.works() ? "works" : compat::name_of(answer.word);
      words += answer.source == Source::modelled ? " m" : "";
      if (answer.word == Word::fails) {
        words += fmt::format(" {}", fmt::join(ids_of(answer, m_failures), " "));
      }
      words += ";";
    }
    return words;
  }

  template <typename Pairs>
  [[nodiscard]] bool alike(std::size_t count, const Pairs& pair_of) const {
    for (std::size_t i = 0; i < count; ++i) {
      const auto [a, b] = pair_of(i);
      if (m_words[a] != m_words[b]) {
        return false;
      }
    }
    return true;
  }

  template <typename Alike>
  static std::vector<Span> spans(std::size_t count, const Alike& are_alike) {
    std::vector<Span> all;
    for (std::size_t i = 0; i < count; ++i) {
      if (!all.empty() && are_alike(all.back().first, i)) {
        all.back().last = i;
      } else {
        all.push_back({i, i});
      }
    }
    return all;
  }

  std::vector<Version> m_containerds;
  std::vector<Version> m_plugins;
  std::vector<Reply> m_replies;
  std::vector<Mention> m_failures;
  std::vector<std::string> m_words;
  std::vector<Span> m_rows;
  std::vector<Span> m_columns;
};

std::string line_of(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string head_of(const std::vector<std::string>& cells) {
  std::string text = line_of(cells) + "|";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += "---|";
  }
  return text + "\n";
}

std::string anchor(const std::string& id) {
  std::string lower;
  std::transform(id.begin(), id.end(), std::back_inserter(lower),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return fmt::format("[{}](#{})", id, lower);
}

std::string version_name(const std::string& version) {
  return version == "none" ? "without" : version;
}

// "0.1.0 to 1.0.0", in one piece for each stretch of versions that work.
std::string working_versions(const Reply& reply) {
  std::vector<std::string> stretches;
  const Answer* first = nullptr;
  const Answer* last = nullptr;
  const auto flush = [&] {
    if (first != nullptr) {
      const auto from = version_name(first->subject.cni_version);
      const auto to = version_name(last->subject.cni_version);
      stretches.push_back(from == to ? from : fmt::format("{} to {}", from, to));
    }
    first = nullptr;
  };
  bool untried = false;
  for (const auto& answer : reply.answers) {
    if (answer.works()) {
      first = first == nullptr ? &answer : first;
      last = &answer;
      if (answer.subject.cni_version == "none") {
        flush();  // it is no version
      }
    } else {
      flush();
      untried = untried || answer.word == Word::not_tried;
    }
  }
  flush();
  if (stretches.empty()) {
    return untried ? "not tried" : "**none**";
  }
  return fmt::format("{}", fmt::join(stretches, ", "));
}

std::string at_a_glance(const Grid& grid) {
  std::vector<std::string> head = {"containerd"};
  for (const auto& column : grid.columns()) {
    head.push_back("plugins " + grid.column_name(column));
  }
  // Rows that differ in why something fails say the same here.
  std::vector<std::pair<Span, std::vector<std::string>>> rows;
  for (const auto& row : grid.rows()) {
    std::vector<std::string> cells;
    for (const auto& column : grid.columns()) {
      cells.push_back(working_versions(grid.reply(row, column)));
    }
    if (!rows.empty() && rows.back().second == cells) {
      rows.back().first.last = row.last;
    } else {
      rows.emplace_back(row, std::move(cells));
    }
  }
  auto text = head_of(head);
  for (auto& [row, cells] : rows) {
    cells.insert(cells.begin(), grid.row_name(row));
    text += line_of(cells);
  }
  return text;
}

std::string cell_of(const Grid& grid, const Span& row, const Span& column, std::size_t version) {
  const auto& answer = grid.reply(row, column).answers[version];
  const auto source = grid.best_source(row, column, version);
  std::string word;
  if (answer.works()) {
    word = "✓";
  } else if (answer.word == Word::not_tried) {
    return "not tried";
  } else {
    std::vector<std::string> ids;
    for (const auto& id : ids_of(answer, grid.failures())) {
      ids.push_back(anchor(id));
    }
    word = ids.empty() ? "fails" : fmt::format("{}", fmt::join(ids, " "));
  }
  return source == Source::run        ? "**" + word + "**"
         : source == Source::modelled ? word + " m"
                                      : word;
}

std::string details(const Grid& grid) {
  std::string text;
  for (const auto& column : grid.columns()) {
    text += fmt::format("\n### Plugins {}\n\n", grid.column_name(column));
    std::vector<std::string> head = {"containerd", "run here"};
    for (const auto& answer : grid.replies().front().answers) {
      head.push_back(version_name(answer.subject.cni_version));
    }
    text += head_of(head);
    for (const auto& row : grid.rows()) {
      std::vector<std::string> cells = {grid.row_name(row), grid.run_here(row, column)};
      for (std::size_t i = 0; i < grid.reply(row, column).answers.size(); ++i) {
        cells.push_back(cell_of(grid, row, column, i));
      }
      text += line_of(cells);
    }
  }
  return text;
}

std::string behaviours_text(const std::vector<Mention>& mentions) {
  std::vector<const verdict::KnownBehaviour*> told;
  std::string text;
  for (const auto& mention : mentions) {
    const auto& behaviour = *mention.foreseen.behaviour;
    if (std::find(told.begin(), told.end(), &behaviour) != told.end()) {
      continue;
    }
    told.push_back(&behaviour);
    text += fmt::format("\n### {}\n\n**{}.** Since {}; until {}. {}\n\n", behaviour.id,
                        behaviour.title, behaviour.since, behaviour.until, behaviour.why);
    if (mention.foreseen.occasion != Occasion::always) {
      text += fmt::format("Shows with {}.\n\n", compat::words_of(mention.foreseen));
    }
    text += fmt::format("Cure: {}\n\nSource: {}.", behaviour.remedy, evidence_of(behaviour));
    for (std::size_t i = 0; i < behaviour.references.size(); ++i) {
      text += fmt::format(" [{}]({})", i + 1, behaviour.references[i]);
    }
    text += "\n";
  }
  return text;
}

std::string runs_text(const Records& records, const Evidence& evidence) {
  std::string text;
  for (const auto run : evidence.runs) {
    text += fmt::format("- {}\n", compat::text_of(records.runs[run]));
  }
  for (const auto index : evidence.builds) {
    const auto& build = records.builds[index];
    text += fmt::format("- {}\n", compat::text_of(build));
    constexpr std::array k_shown = {"containerd", "bridge", "loopback", "portmap", "host-local"};
    for (const auto* name : k_shown) {
      if (const auto found = build.binaries.find(name); found != build.binaries.end()) {
        text += fmt::format("  - {}: SHA-256 `{}`\n", name, found->second);
      }
    }
  }
  return text;
}

constexpr const char* k_head =
    R"(# Which containerd works with which CNI plugins, at which cniVersion

Every containerd release since {} that has a digest in the [catalog](catalog.json), every such release of the CNI
reference plugins since {}, every `cniVersion`: can a pod be started, stopped and removed, and is nothing left of it? The
list is [bridge-portmap](../scenarios/conflists/bridge-portmap.conflist), the example of the
[Kubernetes documentation](https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/troubleshooting-cni-plugin-related-errors/)
(bridge, host-local, portmap, for IPv4 and IPv6).

This page is written by `cni-matrix compat --page` from [recorded runs](compatibility.json) and
[known behaviours](known-behaviours/), and a test holds that it is what they say. For your own versions and list, in a
tenth of a second and offline:

    cni-matrix compat --containerd 1.6.2 --plugins 1.1.1 --conflist my.conflist

## At a glance: the cniVersions that work

"without" is a list without the key `cniVersion`.

)";

constexpr const char* k_legend = R"(
## In detail

- **bold**: run here with the real containerd and the real plugins of one of the row's releases ("run here" names them);
  for the others of the row it is predicted from that, since their CNI code is the same (go-cni, libcni, what containerd
  does around them) and no known behaviour tells the plugins apart;
- plain ✓: predicted so from another row;
- ✓ m: modelled: the embedded runtime, which does what that containerd's CNI code does, with the real plugins. No evidence
  about containerd itself;
- F02 and its like: a pod cannot be started or not be stopped, and why; bold where it was seen here;
- not tried: nobody did.
)";

}  // namespace

Expected<std::string> page_of(const Knowledge& knowledge) {
  Asked asked;
  for (const auto& version : knowledge.catalog_containerds()) {
    asked.containerd.push_back(version.str());
  }
  for (const auto& version : knowledge.plugins()) {
    asked.plugins.push_back(version.str());
  }
  TRY_ASSIGN(auto replies, reply(knowledge, asked));
  const auto occasions = occasions_of(replies);
  Evidence evidence;
  for (const auto& one : replies) {
    for (const auto& answer : one.answers) {
      evidence.add(answer);
    }
  }
  auto beside = behaviours_text(occasions);
  const Grid grid(knowledge.catalog_containerds(), knowledge.plugins(), std::move(replies));
  const auto head = fmt::format(fmt::runtime(k_head), knowledge.catalog_containerds().front().str(),
                                knowledge.plugins().front().str());
  return head + at_a_glance(grid) + k_legend + details(grid) +
         "\n## Why it fails, and what cures it\n" + behaviours_text(grid.failures()) +
         "\n## Known of pods that live\n" + beside + "\n## What was run\n\n" +
         runs_text(knowledge.records(), evidence);
}

}  // namespace cni_matrix::compat
