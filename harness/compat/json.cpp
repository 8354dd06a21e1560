#include "json.hpp"

#include "words.hpp"

#include <string>

namespace cni_matrix::compat {

namespace {

OrderedJson json_of(const Foreseen& foreseen) {
  OrderedJson value = {{"id", foreseen.behaviour->id}, {"occasion", name_of(foreseen.occasion)}};
  if (foreseen.occasion != Occasion::always) {
    value["shows"] = words_of(foreseen);
  }
  if (!foreseen.step.empty()) {
    value["step"] = foreseen.step;
  }
  return value;
}

OrderedJson json_of(const Answer& answer, const Records& records) {
  OrderedJson value = {{"cniVersion", answer.subject.cni_version},
                       {"word", name_of(answer.word)},
                       {"source", name_of(answer.source)},
                       {"source_text", source_of(answer, records)}};
  auto behaviours = OrderedJson::array();
  for (const auto& foreseen : answer.behaviours) {
    behaviours.push_back(json_of(foreseen));
  }
  value["behaviours"] = std::move(behaviours);
  if (!answer.why.empty()) {
    value["why"] = answer.why;
  }
  if (!answer.new_keys.empty()) {
    value["new_keys"] = answer.new_keys;
  }
  auto evidence = OrderedJson::array();
  for (const auto* row : answer.rows) {
    OrderedJson one = {{"run", row->run},
                       {"list", records.lists[row->list].name},
                       {"containerd", row->containerd_version.str()},
                       {"runtime", row->modelled ? "embedded" : "daemon"},
                       {"plugins", records.builds[row->plugins].version.str()},
                       {"plugins_build", row->plugins}};
    if (row->containerd) {
      one["containerd_build"] = *row->containerd;
    }
    evidence.push_back(std::move(one));
  }
  value["evidence"] = std::move(evidence);
  return value;
}

OrderedJson json_of(const KubernetesNote& note) {
  OrderedJson value = {{"kubernetes", note.kubernetes},
                       {"recommended", note.recommended},
                       {"is_recommended", note.is_recommended},
                       {"speaks_no_common_cri", note.cannot_talk}};
  if (note.why != nullptr) {
    value["behaviour"] = note.why->id;
  }
  return value;
}

OrderedJson json_of(const verdict::KnownBehaviour& behaviour) {
  return {{"title", behaviour.title},
          {"why", behaviour.why},
          {"remedy", behaviour.remedy},
          {"evidence", behaviour.observed ? "observed" : "predicted"},
          {"evidence_text", evidence_of(behaviour)},
          {"references", behaviour.references}};
}

}  // namespace

OrderedJson json_of(const Knowledge& knowledge, const std::vector<Reply>& replies) {
  const auto& records = knowledge.records();
  auto values = OrderedJson::array();
  auto behaviours = OrderedJson::object();
  Evidence evidence;
  const auto mention = [&](const verdict::KnownBehaviour& behaviour) {
    behaviours[behaviour.id] = json_of(behaviour);
  };
  for (const auto& reply : replies) {
    OrderedJson value = {{"containerd", reply.containerd.str()},
                         {"plugins", reply.plugins.str()},
                         {"conflist", reply.list->name},
                         {"exit_status", number_of(reply.status())}};
    auto answers = OrderedJson::array();
    for (const auto& answer : reply.answers) {
      answers.push_back(json_of(answer, records));
      evidence.add(answer);
      for (const auto& foreseen : answer.behaviours) {
        mention(*foreseen.behaviour);
      }
    }
    value["answers"] = std::move(answers);
    for (const auto& note : reply.kubernetes) {
      value["kubernetes"].push_back(json_of(note));
      if (note.why != nullptr) {
        mention(*note.why);
      }
    }
    value["command"] = reply.command();
    values.push_back(std::move(value));
  }
  auto runs = OrderedJson::object();
  for (const auto run : evidence.runs) {
    runs[std::to_string(run)] = {{"started", records.runs[run].started},
                                 {"text", text_of(records.runs[run])}};
  }
  auto builds = OrderedJson::object();
  for (const auto build : evidence.builds) {
    const auto& one = records.builds[build];
    OrderedJson value = {{"component", artifacts::name_of(one.component)},
                         {"version", one.version.str()},
                         {"token", one.token},
                         {"text", text_of(one)}};
    value["binaries"] = one.binaries;
    builds[std::to_string(build)] = std::move(value);
  }
  return {{"format", "cni-matrix-compat"},
          {"version", 1},
          {"exit_status", number_of(status_of(replies))},
          {"replies", std::move(values)},
          {"behaviours", std::move(behaviours)},
          {"runs", std::move(runs)},
          {"builds", std::move(builds)}};
}

}  // namespace cni_matrix::compat
