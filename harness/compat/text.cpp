#include "text.hpp"

#include "words.hpp"

#include "base/shell_word.hpp"
#include "base/wrapped.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace cni_matrix::compat {

namespace {

using Lines = std::vector<std::vector<std::string>>;

// Columns as wide as they need to be.
std::string table_of(const Lines& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      row += fmt::format("  {:<{}}", line[i], widths[i]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + '\n';
  }
  return text;
}

std::string word_of(const Answer& answer, const std::vector<Mention>& mentions) {
  const auto ids = ids_of(answer, mentions);
  switch (answer.word) {
    case Word::works:
      return "works";
    case Word::works_with_known:
      return fmt::format("works, with {}", fmt::join(ids, " "));
    case Word::fails:
      return ids.empty() ? "fails" : fmt::format("fails: {}", fmt::join(ids, " "));
    case Word::not_tried:
      break;
  }
  return "nobody tried it";
}

// The same in a table of many.
std::string short_word_of(const Answer& answer, const std::vector<Mention>& mentions) {
  if (answer.word == Word::not_tried) {
    return "untried";
  }
  if (answer.word == Word::fails) {
    const auto ids = ids_of(answer, mentions);
    return ids.empty() ? "fails" : fmt::format("{}", fmt::join(ids, " "));
  }
  return answer.source == Source::run         ? "works"
         : answer.source == Source::predicted ? "works p"
                                              : "works m";
}

// More about a line, where it has no known behaviour that says it.
std::string remark_of(const Answer& answer) {
  std::string text;
  if (!answer.why.empty()) {
    text += wrapped(answer.why, 4);
  }
  if (!answer.new_keys.empty()) {
    text += wrapped(fmt::format("no run had {}", fmt::join(answer.new_keys, ", ")), 4);
  }
  return text;
}

std::string text_of_one(const Knowledge& knowledge, const Reply& reply,
                        const std::vector<Mention>& failures,
                        const std::vector<Mention>& occasions) {
  auto text = fmt::format("{} on containerd {} with plugins {}\n\n", reply.list->name,
                          reply.containerd.str(), reply.plugins.str());
  Lines lines = {{"cniVersion", "answer", "source"}};
  std::vector<std::string> remarks;
  for (const auto& answer : reply.answers) {
    lines.push_back({answer.subject.cni_version,
                     word_of(answer, answer.word == Word::fails ? failures : occasions),
                     source_of(answer, knowledge.records())});
    auto remark = remark_of(answer);
    if (!remark.empty() && std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) {
      remarks.push_back(std::move(remark));
    }
  }
  text += table_of(lines);
  for (const auto& remark : remarks) {
    text += "\n" + remark;
  }
  return text;
}

std::string text_of_many(const std::vector<Reply>& replies, const std::vector<Mention>& failures) {
  std::string text;
  Lines lines;
  std::vector<std::string> asked;
  std::string name;
  const auto flush = [&] {
    if (!lines.empty()) {
      text += fmt::format("{}{}\n\n{}", text.empty() ? "" : "\n", name, table_of(lines));
    }
    lines.clear();
  };
  for (const auto& reply : replies) {
    std::vector<std::string> versions;
    for (const auto& answer : reply.answers) {
      versions.push_back(answer.subject.cni_version);
    }
    if (lines.empty() || reply.list->name != name || versions != asked) {
      flush();
      name = reply.list->name;
      asked = versions;
      versions.insert(versions.begin(), {"containerd", "plugins"});
      lines.push_back(std::move(versions));
    }
    lines.push_back({reply.containerd.str(), reply.plugins.str()});
    for (const auto& answer : reply.answers) {
      lines.back().push_back(short_word_of(answer, failures));
    }
  }
  flush();
  return text +
         "\n  works: run here with the real containerd; p: predicted from such a run of releases\n"
         "  that behave alike; m: modelled, which is no evidence about containerd; untried: "
         "nobody\n"
         "  tried it\n";
}

std::string versions_hit(const Mention& mention, std::size_t all) {
  std::vector<std::string> versions;
  for (const auto* answer : mention.answers) {
    const auto& version = answer->subject.cni_version;
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
      versions.push_back(version);
    }
  }
  return fmt::format("{} of {} answers; cniVersion {}", mention.answers.size(), all,
                     fmt::join(versions, ", "));
}

std::string paragraph_of(const verdict::KnownBehaviour& behaviour, const std::string& shows) {
  auto text = fmt::format("\n{}  {}\n", behaviour.id, behaviour.title);
  text += "  shows\n" + wrapped(shows, 4);
  text += "  why\n" + wrapped(behaviour.why, 4);
  text += "  cure\n" + wrapped(behaviour.remedy, 4);
  text += "  source\n" + wrapped(evidence_of(behaviour), 4);
  for (const auto& reference : behaviour.references) {
    text += "    " + reference + '\n';
  }
  return text;
}

// "Kubernetes 1.26 and containerd 1.5.11 speak no version of CRI in common".
std::string silence_of(const KubernetesNote& note, const Version& containerd) {
  return fmt::format("Kubernetes {} and containerd {} speak no version of CRI in common",
                     note.kubernetes, containerd.str());
}

std::string kubernetes_text(const std::vector<Reply>& replies) {
  std::string sentences;
  std::string paragraphs;
  std::set<std::string> told;
  for (const auto& reply : replies) {
    for (const auto& note : reply.kubernetes) {
      const auto text =
          fmt::format("Kubernetes {}: containerd {} is {}recommended ({})", note.kubernetes,
                      reply.containerd.str(), note.is_recommended ? "" : "not ",
                      fmt::join(note.recommended, ", "));
      if (!told.insert(text).second) {
        continue;
      }
      sentences += wrapped(text, 2);
      if (note.cannot_talk && note.why != nullptr) {
        paragraphs += paragraph_of(*note.why, silence_of(note, reply.containerd));
      }
    }
  }
  return sentences.empty() ? sentences : "\n" + sentences + paragraphs;
}

std::string runs_text(const Knowledge& knowledge, const std::vector<Reply>& replies) {
  Evidence evidence;
  for (const auto& reply : replies) {
    for (const auto& answer : reply.answers) {
      evidence.add(answer);
    }
  }
  if (evidence.runs.empty()) {
    return {};
  }
  const auto& records = knowledge.records();
  std::string text = "\nRuns\n";
  for (const auto run : evidence.runs) {
    text += wrapped(text_of(records.runs[run]), 2);
  }
  for (const auto build : evidence.builds) {
    text += wrapped(text_of(records.builds[build]), 2);
  }
  if (!evidence.modelled.empty()) {
    std::vector<std::string> versions;
    for (const auto& version : evidence.modelled) {
      versions.push_back(version.str());
    }
    text += wrapped(fmt::format("the embedded runtime as containerd {}: a model, no evidence about "
                                "containerd itself",
                                fmt::join(versions, ", ")),
                    2);
  }
  return text;
}

// One command for all of them.
std::string commands_text(const std::vector<Reply>& replies) {
  if (replies.size() == 1) {
    return fmt::format("\nTry it\n  {}\n", replies.front().command());
  }
  std::vector<std::string> containerds;
  std::vector<std::string> plugins;
  std::vector<std::string> lists;
  std::vector<std::string> versions;
  const auto add = [](std::vector<std::string>& texts, const std::string& text) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(text);
    }
  };
  bool own = true;  // each list's own version
  for (const auto& reply : replies) {
    add(containerds, reply.containerd.str());
    add(plugins, reply.plugins.str());
    add(lists, shell_word(reply.list->argument));
    for (const auto& answer : reply.answers) {
      own = own && !reply.one_is_enough && answer.subject.cni_version == reply.list->cni_version;
      add(versions, shell_word(answer.subject.cni_version));
    }
  }
  return fmt::format(
      "\nTry it\n  cni-matrix run --containerd {} --plugins {} --conflist {}{}\n",
      fmt::join(containerds, ","), fmt::join(plugins, ","), fmt::join(lists, ","),
      own ? std::string() : fmt::format(" --cni-version {}", fmt::join(versions, ",")));
}

std::string elsewhere_text(const Knowledge& knowledge, const Reply& reply,
                           const std::vector<Mention>& told) {
  std::set<const verdict::KnownBehaviour*> found;
  for (const auto& answer : reply.answers) {
    const auto more = knowledge.forecaster().elsewhere(answer.subject);
    found.insert(more.begin(), more.end());
  }
  for (const auto& mention : told) {
    found.erase(mention.foreseen.behaviour);
  }
  // In the order that they stand in.
  std::vector<std::string> ids;
  for (const auto& behaviour : knowledge.behaviours().all()) {
    if (found.contains(&behaviour)) {
      ids.push_back(behaviour.id);
    }
  }
  if (ids.empty()) {
    return {};
  }
  return "\n" + wrapped(fmt::format("Known of these releases in other scenarios, which cni-matrix "
                                    "explain tells of: {}",
                                    fmt::join(ids, ", ")),
                        2);
}

}  // namespace

std::string text_of(const Knowledge& knowledge, const std::vector<Reply>& replies) {
  const auto failures = failures_of(replies);
  const auto occasions = occasions_of(replies);
  std::size_t answers = 0;
  for (const auto& reply : replies) {
    answers += reply.answers.size();
  }
  auto text = replies.size() == 1 ? text_of_one(knowledge, replies.front(), failures, occasions)
                                  : text_of_many(replies, failures);
  text += kubernetes_text(replies);
  if (!failures.empty()) {
    text += "\nWhy it fails, and what cures it\n";
    for (const auto& mention : failures) {
      text += paragraph_of(*mention.foreseen.behaviour, versions_hit(mention, answers));
    }
  }
  if (!occasions.empty()) {
    text += "\nKnown of pods that live\n";
    for (const auto& mention : occasions) {
      text += paragraph_of(*mention.foreseen.behaviour, words_of(mention.foreseen));
    }
  }
  if (replies.size() == 1) {
    auto told = failures;
    told.insert(told.end(), occasions.begin(), occasions.end());
    text += elsewhere_text(knowledge, replies.front(), told);
  }
  return text + runs_text(knowledge, replies) + commands_text(replies) + "\n";
}

std::string summary_of(const std::vector<Reply>& replies) {
  const auto status = status_of(replies);
  if (replies.size() > 1) {
    const auto count = [&](ExitStatus of) {
      return std::count_if(replies.begin(), replies.end(),
                           [of](const Reply& reply) { return reply.status() == of; });
    };
    const auto good = count(ExitStatus::good);
    const auto bad = count(ExitStatus::bad_news);
    return fmt::format("{} of {} stacks {}, {} {} not, and nobody tried {}", good, replies.size(),
                       good == 1 ? "works" : "work", bad, bad == 1 ? "does" : "do",
                       count(ExitStatus::no_answer));
  }
  const auto& reply = replies.front();
  std::vector<std::string> working;
  for (const auto& answer : reply.answers) {
    if (answer.works()) {
      working.push_back(answer.subject.cni_version);
    }
  }
  if (status == ExitStatus::good) {
    return fmt::format("works: with cniVersion {}", fmt::join(working, ", "));
  }
  if (status == ExitStatus::no_answer) {
    return "nobody tried it";
  }
  for (const auto& note : reply.kubernetes) {
    if (note.cannot_talk) {
      return "does not work: " + silence_of(note, reply.containerd);
    }
  }
  const auto failures = failures_of(replies);
  if (failures.empty()) {
    return "does not work";
  }
  const auto& behaviour = *failures.front().foreseen.behaviour;
  return fmt::format("does not work: {}, {}", behaviour.id, behaviour.title);
}

}  // namespace cni_matrix::compat
