#pragma once

#include "observation.hpp"

#include <cni_matrix/verdict/known_behaviours.hpp>
#include <cni_matrix/verdict/verdict.hpp>

#include <string>
#include <vector>

namespace cni_matrix::verdict {

struct Judgement {
  Verdict verdict = Verdict::pass;  // pass, known, fail or leak
  std::vector<std::string> known;   // ids, in the order in which they showed
  std::string remedy;               // of the first of them; <PLUGIN> has its name, where one failed
  std::string reason;               // one sentence, for fail and leak
};

// known: failed exactly as known behaviours say, with exactly the leftovers that they list.
// fail: a failure that none explains, a success where one says failure, or leftovers that one lists
// and that are not there. leak: leftovers that none explains. What remains of a pod comes together:
// where a known behaviour leaves a primary class, or may leave one, secondary ones are explained.
Judgement judge(const KnownBehaviours& behaviours, const Observation& observation);

}  // namespace cni_matrix::verdict
