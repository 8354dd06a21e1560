#include "words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::compat {

namespace {

using Mentions = std::vector<Mention>;

void mention(Mentions& mentions, const Foreseen& foreseen, const Answer& answer) {
  auto found = std::find_if(mentions.begin(), mentions.end(), [&](const Mention& one) {
    return one.foreseen.behaviour == foreseen.behaviour &&
           one.foreseen.occasion == foreseen.occasion;
  });
  if (found == mentions.end()) {
    found = mentions.insert(mentions.end(), {foreseen, {}});
  }
  if (found->answers.empty() || found->answers.back() != &answer) {
    found->answers.push_back(&answer);
  }
}

Mentions mentions_of(const std::vector<Reply>& replies, bool of_failures) {
  Mentions mentions;
  for (const auto& reply : replies) {
    for (const auto& answer : reply.answers) {
      if ((answer.word == Word::fails) == of_failures) {
        for (const auto& foreseen : answer.behaviours) {
          mention(mentions, foreseen, answer);
        }
      }
    }
  }
  std::stable_sort(mentions.begin(), mentions.end(), [](const Mention& a, const Mention& b) {
    const auto rank = [](const Mention& one) {
      return std::pair(is_consequence(one.foreseen), -static_cast<long>(one.answers.size()));
    };
    return rank(a) < rank(b);
  });
  return mentions;
}

// "containerd 1.6.20 and plugins 1.1.1", where they are others than what is asked for.
std::string others_of(const Answer& answer, const RecordedRow& row, const Records& records) {
  std::vector<std::string> others;
  if (row.containerd_version != answer.subject.containerd) {
    others.push_back("containerd " + row.containerd_version.str());
  }
  if (const auto& version = records.builds[row.plugins].version;
      version != answer.subject.plugins) {
    others.push_back("plugins " + version.str());
  }
  return fmt::format("{}", fmt::join(others, " and "));
}

// "its plugins in ptp and bridge-firewall", where no such list was run.
std::string pieces_of(const Answer& answer, const Records& records) {
  std::vector<std::string> names;
  for (const auto* row : answer.rows) {
    names.push_back(records.lists[row->list].name);
  }
  return answer.in_pieces ? fmt::format("its plugins in {}", fmt::join(names, " and "))
                          : std::string();
}

}  // namespace

bool is_consequence(const Foreseen& foreseen) {
  return foreseen.step == "clean-up" || foreseen.step == "remove";
}

Mentions failures_of(const std::vector<Reply>& replies) {
  return mentions_of(replies, true);
}

Mentions occasions_of(const std::vector<Reply>& replies) {
  return mentions_of(replies, false);
}

std::vector<std::string> ids_of(const Answer& answer, const Mentions& mentions) {
  std::vector<std::string> ids;
  for (const auto& one : mentions) {
    const auto& id = one.foreseen.behaviour->id;
    const bool is_of_it = std::any_of(
        answer.behaviours.begin(), answer.behaviours.end(),
        [&](const Foreseen& other) { return other.behaviour == one.foreseen.behaviour; });
    if (is_of_it && std::find(ids.begin(), ids.end(), id) == ids.end()) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::string evidence_of(const verdict::KnownBehaviour& behaviour) {
  if (!behaviour.observed) {
    return "predicted from the source, not yet observed";
  }
  return behaviour.seen ? fmt::format("observed with the real binaries on {}: {}",
                                      behaviour.seen->on, behaviour.seen->with)
                        : "observed with the real binaries";
}

std::string source_of(const Answer& answer, const Records& records) {
  if (answer.rows.empty()) {
    return answer.source == Source::known ? "a known behaviour" : "nothing";
  }
  const auto& first = *answer.rows.front();
  const auto day = records.runs[first.run].day();
  auto of = pieces_of(answer, records);
  if (const auto others = others_of(answer, first, records); !others.empty()) {
    of += fmt::format("{}{}", of.empty() ? "" : " on ", others);
  }
  const auto* what = first.modelled ? "modelled" : "run";
  if (answer.source == Source::predicted) {
    return fmt::format("predicted from {}, run on {}", of, day);
  }
  return fmt::format("{}{} on {}{}", answer.source == Source::known ? "a known behaviour; " : "",
                     what, day, of.empty() ? of : ": " + of);
}

void Evidence::add(const Answer& answer) {
  for (const auto* row : answer.rows) {
    runs.insert(row->run);
    builds.insert(row->plugins);
    if (row->modelled) {
      modelled.insert(row->containerd_version);
    } else if (row->containerd) {
      builds.insert(*row->containerd);
    }
  }
}

std::string text_of(const RecordedBuild& build) {
  auto text = fmt::format(
      "{} {}: {}", build.component == artifacts::Component::containerd ? "containerd" : "plugins",
      build.version.str(), build.token);
  if (!build.package_version.empty()) {
    text += ", package " + build.package_version;
  }
  if (!build.go_version.empty()) {
    text += ", " + build.go_version;
  }
  if (!build.sha256.empty()) {
    text += ", SHA-256 " + build.sha256;
  } else if (!build.binaries.empty()) {
    text += fmt::format(", SHA-256 of {} {}", build.binaries.begin()->first,
                        build.binaries.begin()->second);
  }
  return text;
}

std::string text_of(const RecordedRun& run) {
  return fmt::format("{}: cni-matrix {}, {} ({}), {}, {}, nodes: {}", run.started,
                     run.program_version, run.kernel, run.architecture, run.iptables, run.runc,
                     run.privileges);
}

}  // namespace cni_matrix::compat
