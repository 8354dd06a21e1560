#pragma once

#include "question.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

// What answers have in common in every form that they are shown in.
namespace cni_matrix::compat {

// A known behaviour and the answers that it stands in.
struct Mention {
  Foreseen foreseen;  // the first of them
  std::vector<const Answer*> answers;
};

// Why answers fail: causes first and then what follows of them, what hits most first.
std::vector<Mention> failures_of(const std::vector<Reply>& replies);
// What shows of pods that live, on some occasion.
std::vector<Mention> occasions_of(const std::vector<Reply>& replies);

// It follows of another failure.
bool is_consequence(const Foreseen& foreseen);

// The ids of an answer's behaviours in the order of `mentions`.
std::vector<std::string> ids_of(const Answer& answer, const std::vector<Mention>& mentions);

// "observed with the real binaries on 2026-11-24: containerd ..., plugins ...", or that it is
// predicted.
std::string evidence_of(const verdict::KnownBehaviour& behaviour);

// Where an answer's word comes from: "run on 2026-11-27", "predicted: containerd 1.6.20 behaves
// alike, run on ...".
std::string source_of(const Answer& answer, const Records& records);

// What stands behind answers.
struct Evidence {
  std::set<std::size_t> runs;    // into Records
  std::set<std::size_t> builds;  // likewise
  std::set<Version> modelled;    // containerds that the embedded runtime stood for

  void add(const Answer& answer);
};
// "containerd 1.6.20: debian:bookworm, 1.6.20~ds1-1+deb12u3, go1.19.8, SHA-256 of it ...".
std::string text_of(const RecordedBuild& build);
std::string text_of(const RecordedRun& run);

}  // namespace cni_matrix::compat
