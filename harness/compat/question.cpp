#include "question.hpp"

#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/release_facts.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace cni_matrix::compat {

namespace {

using artifacts::Component;

constexpr const char* k_shipped_list = "bridge-portmap";

// What is said of an option's value.
struct Axis {
  Component component;
  const char* option;
  const std::vector<Version>& releases;
};

Expected<Version> version_of_suite(const std::string& token, const Axis& axis,
                                   const Records& records) {
  std::vector<std::string> known;
  for (const auto& build : records.builds) {
    if (build.component == axis.component) {
      if (build.token == token) {
        return build.version;
      }
      known.push_back(build.token);
    }
  }
  return input_error(
      "{} {}: no recorded run says which version that is; compat runs and fetches nothing, so "
      "write the version, such as 1.6.20{}",
      axis.option, token, did_you_mean(token, known));
}

// "1.6.0-1.6.3", which could be a pre-release "1.6.3" of 1.6.0 as well.
bool is_span(const std::string& text) {
  const auto dash = text.find('-');
  return dash != std::string::npos && Version::parse(text.substr(0, dash)) &&
         Version::parse(text.substr(dash + 1));
}

// Of one text, in rising order.
Expected<std::vector<Version>> versions_of(const std::string& text, const Axis& axis,
                                           const Records& records) {
  if (const auto token = artifacts::VersionToken::parse(text); token && !is_span(text)) {
    if (token->version) {
      return std::vector{*token->version};
    }
    if (token->kind == artifacts::VersionToken::Kind::directory) {
      return input_error(
          "{} {}: compat asks no binary which version it is; write dir:{}@ and the version, such "
          "as 1.6.20",
          axis.option, text, token->directory.string());
    }
    TRY_ASSIGN(auto version, version_of_suite(text, axis, records));
    return std::vector{std::move(version)};
  }
  const auto range = VersionRange::parse(text);
  if (!range) {
    return input_error("{} {}: {}; or name a version (1.6.20), 1.6.* or debian:bookworm",
                       axis.option, text, range.error().message);
  }
  std::vector<Version> versions;
  for (const auto& release : axis.releases) {
    if (range->contains(release)) {
      versions.push_back(release);
    }
  }
  if (versions.empty()) {
    return input_error("{} {}: no release is in there; those that are known go from {} to {}",
                       axis.option, text, axis.releases.front().str(), axis.releases.back().str());
  }
  return versions;
}

void add(std::vector<Version>& versions, const Version& version) {
  if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
    versions.push_back(version);
  }
}

Expected<std::vector<Version>> versions_of(const std::vector<std::string>& texts, const Axis& axis,
                                           const Records& records) {
  std::vector<Version> versions;
  for (const auto& text : texts) {
    TRY_ASSIGN(const auto some, versions_of(text, axis, records));
    for (const auto& version : some) {
      add(versions, version);
    }
  }
  return versions;
}

// A version of Kubernetes, and the containerds that are recommended for it.
struct Recommendation {
  std::string kubernetes;
  std::vector<std::string> entries;  // as containerd's page has them
  std::vector<Version> containerds;
};

// The containerd versions of a list are tokens; where each is at hand, they are all of its range.
Expected<Recommendation> recommendation_for(const std::string& kubernetes,
                                            const std::vector<Version>& releases) {
  Recommendation result;
  result.kubernetes = kubernetes;
  std::map<std::string, Version> at_hand;
  for (const auto& release : releases) {
    at_hand.emplace(release.str(), release);
  }
  TRY_ASSIGN(const auto lowest, matrix::containerd_for_kubernetes(kubernetes, {}));
  for (const auto& token : lowest) {
    result.entries.push_back(token + "+");
  }
  TRY_ASSIGN(const auto tokens, matrix::containerd_for_kubernetes(kubernetes, at_hand));
  for (const auto& token : tokens) {
    TRY_ASSIGN(const auto version, Version::parse(token));
    add(result.containerds, version);
  }
  return result;
}

// Kubernetes took v1alpha2 out with this release:
// https://kubernetes.io/blog/2022/11/18/upcoming-changes-in-kubernetes-1-26/
bool speaks_only_v1(const std::string& kubernetes) {
  const auto version = Version::parse(kubernetes + ".0");
  constexpr unsigned k_minor = 26;
  return version && (version->major > 1 || version->minor >= k_minor);
}

// The known behaviour that such a client meets: it asks for v1 alone.
const verdict::KnownBehaviour* behaviour_of_v1(const verdict::KnownBehaviours& behaviours,
                                               const Version& containerd) {
  for (const auto& behaviour : behaviours.all()) {
    for (const auto& rule : behaviour.cases) {
      if (rule.when.containerd && rule.when.containerd->contains(containerd) &&
          std::find(rule.steps.begin(), rule.steps.end(), "call-api") != rule.steps.end()) {
        return &behaviour;
      }
    }
  }
  return nullptr;
}

KubernetesNote note_of(const Recommendation& recommendation, const Version& containerd,
                       const verdict::KnownBehaviours& behaviours) {
  KubernetesNote note;
  note.kubernetes = recommendation.kubernetes;
  note.recommended = recommendation.entries;
  const auto& good = recommendation.containerds;
  note.is_recommended = std::find(good.begin(), good.end(), containerd) != good.end();
  if (speaks_only_v1(note.kubernetes) && !release_facts(containerd).speaks_v1) {
    note.cannot_talk = true;
    note.why = behaviour_of_v1(behaviours, containerd);
  }
  return note;
}

struct AskedList {
  std::shared_ptr<const NetworkList> list;
  std::vector<std::string> cni_versions;
  bool one_is_enough = false;
};

Expected<std::vector<AskedList>> lists_of(const Asked& asked) {
  std::vector<AskedList> lists;
  const auto names =
      asked.conflists.empty() ? std::vector<std::string>{k_shipped_list} : asked.conflists;
  for (const auto& name : names) {
    const auto conflist = matrix::find_conflist(name, {});
    if (!conflist) {
      return input_error("--conflist {}", conflist.error().message.starts_with(name)
                                              ? conflist.error().message
                                              : name + ": " + conflist.error().message);
    }
    TRY_ASSIGN(auto list, NetworkList::load(*conflist));
    list.argument = name;
    AskedList one;
    if (!asked.cni_versions.empty()) {
      for (const auto& version : asked.cni_versions) {
        one.cni_versions.push_back(version == "as-is" ? list.cni_version : version);
      }
    } else if (asked.conflists.empty()) {
      one.cni_versions = Knowledge::cni_versions();
      one.one_is_enough = true;
    } else {
      one.cni_versions = {list.cni_version};
    }
    one.list = std::make_shared<const NetworkList>(std::move(list));
    lists.push_back(std::move(one));
  }
  return lists;
}

Expected<void> check_complete(const Asked& asked) {
  if ((asked.containerd.empty() && asked.kubernetes.empty()) || asked.plugins.empty()) {
    return input_error(
        "nothing is asked for {}; for example cni-matrix compat --containerd 1.6.2 --plugins 1.1.1",
        asked.plugins.empty() ? "--plugins" : "--containerd (or --kubernetes)");
  }
  return {};
}

}  // namespace

ExitStatus Reply::status() const {
  const bool cannot_talk = std::any_of(kubernetes.begin(), kubernetes.end(),
                                       [](const KubernetesNote& note) { return note.cannot_talk; });
  if (cannot_talk) {
    return ExitStatus::bad_news;
  }
  const auto any = [this](const auto& test) {
    return std::any_of(answers.begin(), answers.end(), test);
  };
  const bool fails = any([](const Answer& one) { return one.word == Word::fails; });
  const bool not_tried = any([](const Answer& one) { return one.word == Word::not_tried; });
  if (one_is_enough) {
    // None does only where that is known of all.
    return any([](const Answer& one) { return one.works(); }) ? ExitStatus::good
           : not_tried                                        ? ExitStatus::no_answer
                                                              : ExitStatus::bad_news;
  }
  return fails ? ExitStatus::bad_news : not_tried ? ExitStatus::no_answer : ExitStatus::good;
}

std::string Reply::command() const {
  std::vector<std::string> cni_versions;
  for (const auto& answer : answers) {
    cni_versions.push_back(answer.subject.cni_version);
  }
  auto text = fmt::format("cni-matrix run --containerd {} --plugins {} --conflist {}",
                          containerd.str(), plugins.str(), shell_word(list->argument));
  if (one_is_enough || cni_versions != std::vector{list->cni_version}) {
    text += fmt::format(" --cni-version {}",
                        shell_word(fmt::format("{}", fmt::join(cni_versions, ","))));
  }
  return text;
}

Expected<std::vector<Reply>> reply(const Knowledge& knowledge, const Asked& asked) {
  TRY(check_complete(asked));
  TRY_ASSIGN(const auto lists, lists_of(asked));
  const auto& records = knowledge.records();
  TRY_ASSIGN(
      auto containerds,
      versions_of(asked.containerd,
                  {Component::containerd, "--containerd", knowledge.containerds()}, records));
  TRY_ASSIGN(
      const auto plugins,
      versions_of(asked.plugins, {Component::plugins, "--plugins", knowledge.plugins()}, records));
  std::vector<Recommendation> recommendations;
  for (const auto& kubernetes : asked.kubernetes) {
    TRY_ASSIGN(auto one, recommendation_for(kubernetes, knowledge.containerds()));
    if (asked.containerd.empty()) {
      for (const auto& version : one.containerds) {
        add(containerds, version);
      }
    }
    recommendations.push_back(std::move(one));
  }
  std::vector<Reply> replies;
  for (const auto& asked_list : lists) {
    for (const auto& containerd : containerds) {
      for (const auto& version : plugins) {
        Reply one;
        one.containerd = containerd;
        one.plugins = version;
        one.list = asked_list.list;
        one.one_is_enough = asked_list.one_is_enough;
        for (const auto& recommendation : recommendations) {
          one.kubernetes.push_back(note_of(recommendation, containerd, knowledge.behaviours()));
        }
        for (const auto& cni_version : asked_list.cni_versions) {
          one.answers.push_back(knowledge.answer(containerd, version, *one.list, cni_version));
        }
        replies.push_back(std::move(one));
      }
    }
  }
  return replies;
}

ExitStatus status_of(const std::vector<Reply>& replies) {
  auto status = ExitStatus::good;
  for (const auto& one : replies) {
    status = graver(status, one.status());
  }
  return status;
}

}  // namespace cni_matrix::compat
