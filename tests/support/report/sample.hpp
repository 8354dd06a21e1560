#pragma once

#include <cni_matrix/run/listener.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace cni_matrix::report::testing {

run::Provenance sample_provenance();

// A cell that passed on the real daemon.
run::CellResult passed(const std::string& containerd, const std::string& version,
                       const std::string& plugins, const std::string& plugins_version,
                       const std::string& cni_version);
run::CellResult passed();
// One that passed on the model, since a mirror could not be reached.
run::CellResult modelled(const std::string& version);
// One of these plugins, with that verdict.
run::CellResult built(const std::string& plugins, run::Verdict verdict);

// A small run with every verdict.
std::vector<run::CellResult> sample_results();
run::RunSummary summary_of(const std::vector<run::CellResult>& results);

// Tell `reporter` of a run of these cells.
Expected<void> tell(run::Listener& reporter, const std::vector<run::CellResult>& results);

// What `write` writes to a stream that is no terminal.
std::string text_of(const std::function<void(std::FILE*)>& write);
// The same on a terminal of 100 columns.
std::string terminal_text_of(const std::function<void(std::FILE*)>& write);

// Compares with approved/NAME.txt. CNI_MATRIX_APPROVE=1 writes that file instead, to be read by a
// person before it is committed.
void approve(const std::string& name, const std::string& text);

// "\x1b[32m" as "<32m>", so that an approved text can be read.
std::string visible(const std::string& text);

// Sets a variable of the environment, or unsets it, for the time of a test.
class Environment {
 public:
  Environment(const char* name, const char* value);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();

 private:
  const char* m_name;
  bool m_was_set;
  std::string m_old;
};

}  // namespace cni_matrix::report::testing
