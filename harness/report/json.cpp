#include "json.hpp"

#include "output_file.hpp"

#include "base/try.hpp"

#include <string>
#include <utility>

namespace cni_matrix::report {

namespace {

std::string line_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class JsonReporter : public run::Listener {
 public:
  explicit JsonReporter(OutputFile output) : m_output(std::move(output)) {}
  JsonReporter(const JsonReporter&) = delete;
  JsonReporter& operator=(const JsonReporter&) = delete;

  // An exception ended the run: what is written must be a document all the same.
  ~JsonReporter() override {
    if (m_open && m_output.ours()) {
      m_seen.interrupted = true;
      m_seen.stopped_by = run::Stop::trouble;
      close(m_seen);
    }
  }

  void run_started(const run::Provenance& provenance, std::size_t cells) override {
    m_output.begin();
    m_open = true;
    m_seen.cells = cells;
    m_output.write("{\"format\":\"cni-matrix-run\",\"version\":1,\n\"provenance\":" +
                   line_of(run::to_json(provenance)) + ",\n\"planned\":" + std::to_string(cells) +
                   ",\n\"cells\":[");
  }

  void cell_finished(const run::CellResult& result) override {
    m_seen.add(result);
    m_output.write((std::exchange(m_first, false) ? "\n" : ",\n") + line_of(run::to_json(result)));
  }

  Expected<void> run_finished(const run::RunSummary& summary) override {
    close(summary);
    return m_output.finish();
  }

 private:
  void close(const run::RunSummary& summary) {
    m_open = false;
    m_output.write("\n],\n\"summary\":" + line_of(run::to_json(summary)) + "\n}\n");
  }

  OutputFile m_output;
  bool m_open = false;
  bool m_first = true;
  run::RunSummary m_seen;
};

}  // namespace

Expected<std::unique_ptr<run::Listener>> make_json_reporter(const std::filesystem::path& file) {
  TRY_ASSIGN(auto output, OutputFile::open(file));
  return std::make_unique<JsonReporter>(std::move(output));
}

}  // namespace cni_matrix::report
