#include "saved_run.hpp"

#include "base/file.hpp"
#include "base/try.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <utility>

namespace cni_matrix::report {

namespace {

constexpr std::string_view k_schema = "run";
constexpr std::string_view k_first_line = "{\"format\":\"cni-matrix-run\",\"version\":1,";
constexpr std::size_t k_whole_limit = 512U << 20U;
constexpr std::size_t k_batch = 256;  // cells that are checked against the schema at a time

// Reads the JSON reporter's own layout line by line, so that a run of 100,000 cells needs no more
// memory than a few of them.
class LineReader {
 public:
  LineReader(const std::filesystem::path& file, std::istream& stream,
             const SavedRunVisitor& visitor)
      : m_file(file.string()), m_stream(stream), m_visitor(visitor) {}

  // The first line has been read already.
  Expected<SavedRun> read() {
    TRY(read_head());
    std::string line;
    while (next(line)) {
      if (line == "],") {
        return read_tail();
      }
      const bool last_of_killed_run = m_stream.eof();
      if (!line.empty() && line.back() == ',') {
        line.pop_back();
      }
      auto cell = parse(line);
      if (!cell) {
        if (last_of_killed_run) {
          break;  // it was killed in the middle of this line
        }
        return tl::unexpected(cell.error());
      }
      m_batch.push_back(std::move(*cell));
      if (m_batch.size() >= k_batch) {
        TRY(pass_on(run::to_json(run::RunSummary())));
      }
    }
    TRY(pass_on(run::to_json(run::RunSummary())));
    m_run.complete = false;
    m_run.summary = m_seen;
    m_run.summary.cells = m_planned;
    m_run.summary.interrupted = true;
    m_run.summary.stopped_by = run::Stop::killed;
    return std::move(m_run);
  }

 private:
  bool next(std::string& line) {
    ++m_line;
    return static_cast<bool>(std::getline(m_stream, line));
  }

  Expected<Json> parse(std::string_view text) const {
    return parse_own_json(text, m_file + ", line " + std::to_string(m_line));
  }

  Expected<void> read_head() {
    std::string head(k_first_line);
    std::string line;
    while (next(line)) {
      head += line;
      if (line == "\"cells\":[") {
        TRY_ASSIGN(m_head, parse_own_json(head + "]}", m_file));
        TRY(check({}, run::to_json(run::RunSummary())));
        TRY_ASSIGN(m_run.provenance, run::provenance_from_json(m_head.at("provenance")));
        m_planned = m_head.at("planned").get<std::size_t>();
        m_visitor.started(m_run.provenance, m_planned);
        return {};
      }
    }
    return input_error("{}: ends before its cells; the run was killed as it began", m_file);
  }

  Expected<SavedRun> read_tail() {
    std::string rest;
    std::string line;
    while (next(line)) {
      rest += line;
    }
    auto tail = parse("{" + rest);
    if (!tail && !std::string_view(rest).ends_with("}}")) {
      tail = Json{{"summary", run::to_json(m_seen)}};
      m_run.complete = false;
    }
    TRY_ASSIGN(const auto value, std::move(tail));
    if (!value.contains("summary")) {
      return input_error("{}: has no summary after its cells", m_file);
    }
    TRY(pass_on(value.at("summary")));
    if (m_run.complete) {
      TRY_ASSIGN(m_run.summary, run::summary_from_json(value.at("summary")));
    } else {
      m_run.summary = m_seen;
      m_run.summary.cells = m_planned;
      m_run.summary.interrupted = true;
      m_run.summary.stopped_by = run::Stop::killed;
    }
    return std::move(m_run);
  }

  Expected<void> check(Json cells, const Json& summary) {
    const auto count = cells.size();
    Json document = m_head;
    document["cells"] = cells.is_null() ? Json::array() : std::move(cells);
    document["summary"] = summary;
    const auto place = m_passed == 0 ? m_file
                                     : m_file + ", cells from " + std::to_string(m_passed) +
                                           " to " + std::to_string(m_passed + count);
    return check_schema(document, k_schema, place);
  }

  Expected<void> pass_on(const Json& summary) {
    Json cells = Json::array();
    std::swap(cells, m_batch);
    TRY(check(cells, summary));
    for (const auto& cell : cells) {
      auto result = run::cell_result_from_json(cell);
      if (!result) {
        return input_error("{}, cell {}: {}", m_file, m_passed, result.error().message);
      }
      m_seen.add(*result);
      m_visitor.cell(std::move(*result));
      ++m_passed;
    }
    return {};
  }

  std::string m_file;
  std::istream& m_stream;
  const SavedRunVisitor& m_visitor;
  std::size_t m_line = 1;
  Json m_head;
  Json m_batch = Json::array();
  std::size_t m_planned = 0;
  std::size_t m_passed = 0;
  run::RunSummary m_seen;
  SavedRun m_run;
};

Expected<SavedRun> read_whole(const std::filesystem::path& file, const SavedRunVisitor& visitor) {
  TRY_ASSIGN(const auto text, read_file(file, k_whole_limit));
  TRY_ASSIGN(const auto value, parse_own_json(text, file.string()));
  TRY(check_schema(value, k_schema, file.string()));
  SavedRun run;
  TRY_ASSIGN(run.provenance, run::provenance_from_json(value.at("provenance")));
  TRY_ASSIGN(run.summary, run::summary_from_json(value.at("summary")));
  visitor.started(run.provenance, value.at("planned").get<std::size_t>());
  std::size_t index = 0;
  for (const auto& cell : value.at("cells")) {
    auto result = run::cell_result_from_json(cell);
    if (!result) {
      return input_error("{}, cell {}: {}", file.string(), index, result.error().message);
    }
    visitor.cell(std::move(*result));
    ++index;
  }
  return run;
}

}  // namespace

Expected<SavedRun> read_run(const std::filesystem::path& file, const SavedRunVisitor& visitor) {
  std::ifstream stream(file);
  std::string first;
  if (stream && std::getline(stream, first) && first == k_first_line) {
    return LineReader(file, stream, visitor).read();
  }
  return read_whole(file, visitor);
}

Expected<SavedRun> replay(const std::filesystem::path& file, run::Listener& reporter) {
  SavedRunVisitor visitor;
  visitor.started = [&](const run::Provenance& provenance, std::size_t cells) {
    reporter.run_started(provenance, cells);
  };
  visitor.cell = [&](run::CellResult&& result) { reporter.cell_finished(result); };
  TRY_ASSIGN(auto run, read_run(file, visitor));
  TRY(reporter.run_finished(run.summary));
  return run;
}

Expected<std::vector<matrix::Cell>> failed_cells(const std::filesystem::path& file) {
  using run::Verdict;
  const std::set<Verdict> wanted = {Verdict::fail, Verdict::leak, Verdict::broken,
                                    Verdict::interrupted};
  std::vector<matrix::Cell> cells;
  std::set<std::string> seen;
  SavedRunVisitor visitor;
  visitor.started = [](const run::Provenance&, std::size_t) {};
  visitor.cell = [&](run::CellResult&& result) {
    if (wanted.count(result.verdict) > 0 && seen.insert(result.cell.id()).second) {
      cells.push_back(std::move(result.cell));
    }
  };
  TRY(read_run(file, visitor));
  return cells;
}

}  // namespace cni_matrix::report
