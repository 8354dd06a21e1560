#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

// Cells are made one at a time: nothing here grows with their number.
namespace cni_matrix::matrix {

namespace {

constexpr std::size_t k_cell_limit = 1'000'000;  // that a run keeps in memory

struct ScenarioPoint {
  std::string scenario;
  std::map<std::string, std::string> parameters;
  friend bool operator==(const ScenarioPoint&, const ScenarioPoint&) = default;
};

template <typename T>
void push_unique(std::vector<T>& values, T value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) {
    values.push_back(std::move(value));
  }
}

template <typename T>
std::vector<T> unique(const std::vector<T>& values) {
  std::vector<T> result;
  for (const T& value : values) {
    push_unique(result, value);
  }
  return result;
}

// What Cell::name() says of a conflist.
struct ConflistPoint {
  scenario::Conflist conflist;
  friend bool operator==(const ConflistPoint& a, const ConflistPoint& b) {
    return a.conflist.name == b.conflist.name && a.conflist.form == b.conflist.form &&
           a.conflist.cni_version == b.conflist.cni_version;
  }
};

// Every axis as a list of different values; a cell is one index into each.
struct Product {
  std::vector<ScenarioPoint> scenarios;
  std::vector<ConflistPoint> conflists;
  std::vector<RuntimeChoice> runtimes;
  std::vector<std::optional<int>> host_ports;
  std::vector<bool> mark_chains;
  std::vector<std::string> containerd;
  std::vector<std::string> plugins;
  std::optional<scenario::NodeSource> node;
};

std::vector<ScenarioPoint> points_of(const std::vector<ScenarioAxis>& axes) {
  std::vector<ScenarioPoint> all;
  for (const auto& axis : axes) {
    std::vector<ScenarioPoint> points = {{axis.scenario, {}}};
    for (const auto& [name, values] : axis.with) {
      std::vector<ScenarioPoint> more;
      for (const auto& point : points) {
        for (const auto& value : values) {
          more.push_back(point);
          more.back().parameters[name] = value;
        }
      }
      points = std::move(more);
    }
    for (auto& point : points) {
      push_unique(all, std::move(point));
    }
  }
  return all;
}

Product product_of(const Axes& axes) {
  Product product;
  product.scenarios = points_of(axes.scenarios);
  for (const auto& conflist : axes.conflists) {
    push_unique(product.conflists, ConflistPoint{conflist});
  }
  product.runtimes = unique(axes.runtimes);
  product.host_ports = unique(axes.host_ports);
  product.mark_chains = unique(axes.mark_chains);
  product.containerd = unique(axes.containerd);
  product.plugins = unique(axes.plugins);
  product.node = axes.node;
  return product;
}

// A flag for each value of each axis; a cell has the property when all of its values have it.
struct Mask {
  std::vector<bool> scenarios, conflists, runtimes, host_ports, mark_chains, containerd, plugins;
};

template <typename T, typename Test>
std::vector<bool> flags(const std::vector<T>& values, const Test& test) {
  std::vector<bool> result;
  result.reserve(values.size());
  for (const T& value : values) {
    result.push_back(test(value));
  }
  return result;
}

// The cells of `product` that `earlier` has too.
Mask overlap(const Product& product, const Product& earlier) {
  const auto in = [](const auto& values) {
    return [&values](const auto& value) {
      return std::find(values.begin(), values.end(), value) != values.end();
    };
  };
  const bool same_node = product.node == earlier.node;
  return {
      flags(product.scenarios,
            [&](const ScenarioPoint& point) { return same_node && in(earlier.scenarios)(point); }),
      flags(product.conflists, in(earlier.conflists)),
      flags(product.runtimes, in(earlier.runtimes)),
      flags(product.host_ports, in(earlier.host_ports)),
      flags(product.mark_chains, in(earlier.mark_chains)),
      flags(product.containerd, in(earlier.containerd)),
      flags(product.plugins, in(earlier.plugins))};
}

bool version_fits(const std::string& pattern, const std::string& token) {
  if (pattern.empty() || glob_match(pattern, token)) {
    return true;
  }
  const auto range = VersionRange::parse(pattern);
  const auto parsed = artifacts::VersionToken::parse(token);
  return range && parsed && parsed->version && range->contains(*parsed->version);
}

bool text_fits(const std::string& pattern, const std::string& text) {
  return pattern.empty() || glob_match(pattern, text);
}

Mask excluded(const Product& product, const Exclusion& exclusion) {
  const auto any = [](const auto&) { return true; };
  return {
      flags(product.scenarios,
            [&](const ScenarioPoint& point) {
              return text_fits(exclusion.scenario, point.scenario);
            }),
      flags(product.conflists,
            [&](const ConflistPoint& point) {
              return text_fits(exclusion.conflist, point.conflist.name) &&
                     text_fits(exclusion.cni_version, point.conflist.cni_version.value_or("as-is"));
            }),
      flags(product.runtimes, any),
      flags(product.host_ports, any),
      flags(product.mark_chains, any),
      flags(product.containerd,
            [&](const std::string& token) { return version_fits(exclusion.containerd, token); }),
      flags(product.plugins,
            [&](const std::string& token) { return version_fits(exclusion.plugins, token); })};
}

constexpr std::size_t k_id_size = 10;
constexpr std::size_t k_shortest_id = 4;  // of what is taken for the beginning of one

bool is_hexadecimal(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool could_be_id(const std::string& text) {
  return text.size() >= k_shortest_id && text.size() <= k_id_size && is_hexadecimal(text);
}

bool is_of_cell(const std::string& pattern, const std::string& name, const std::string& id) {
  return (could_be_id(pattern) && id.starts_with(pattern)) || glob_match(pattern, name);
}

// Selection::cells, sorted out once. Brackets and slashes have no meaning in a glob here.
class CellFilter {
 public:
  explicit CellFilter(const std::vector<std::string>& patterns) : m_patterns(patterns) {
    m_by_id = std::any_of(patterns.begin(), patterns.end(), could_be_id);
  }

  [[nodiscard]] bool fits(const Cell& cell) const {
    if (m_patterns.empty()) {
      return true;
    }
    const auto name = cell.name();
    const auto id = m_by_id ? cell.id() : std::string();
    return std::any_of(m_patterns.begin(), m_patterns.end(),
                       [&](const std::string& pattern) { return is_of_cell(pattern, name, id); });
  }

 private:
  const std::vector<std::string>& m_patterns;
  bool m_by_id = false;
};

// Walks one product; `masks` take cells out.
class Walk {
 public:
  Walk(const Product& product, const std::vector<Mask>& masks, const CellFilter& filter,
       const std::function<bool(const Cell&)>& visit)
      : m_product(product), m_masks(masks), m_filter(filter), m_visit(visit) {
    m_cell.node = product.node;
  }

  // False when the visitor wants no more.
  bool run(std::size_t& visited) {
    for (std::size_t scenario = 0; scenario < m_product.scenarios.size(); ++scenario) {
      m_cell.scenario = m_product.scenarios[scenario].scenario;
      m_cell.parameters = m_product.scenarios[scenario].parameters;
      for (std::size_t conflist = 0; conflist < m_product.conflists.size(); ++conflist) {
        m_cell.conflist = m_product.conflists[conflist].conflist;
        if (!variants(scenario, conflist, visited)) {
          return false;
        }
      }
    }
    return true;
  }

 private:
  bool variants(std::size_t scenario, std::size_t conflist, std::size_t& visited) {
    for (std::size_t runtime = 0; runtime < m_product.runtimes.size(); ++runtime) {
      for (std::size_t port = 0; port < m_product.host_ports.size(); ++port) {
        for (std::size_t mark = 0; mark < m_product.mark_chains.size(); ++mark) {
          m_cell.runtime = m_product.runtimes[runtime];
          m_cell.host_port = m_product.host_ports[port];
          m_cell.mark_chain = m_product.mark_chains[mark];
          std::vector<const Mask*> masks;
          for (const auto& mask : m_masks) {
            if (mask.scenarios[scenario] && mask.conflists[conflist] && mask.runtimes[runtime] &&
                mask.host_ports[port] && mask.mark_chains[mark]) {
              masks.push_back(&mask);
            }
          }
          if (!stacks(masks, visited)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  bool stacks(const std::vector<const Mask*>& masks, std::size_t& visited) {
    for (std::size_t containerd = 0; containerd < m_product.containerd.size(); ++containerd) {
      m_cell.containerd = m_product.containerd[containerd];
      for (std::size_t plugins = 0; plugins < m_product.plugins.size(); ++plugins) {
        const bool out = std::any_of(masks.begin(), masks.end(), [&](const Mask* mask) {
          return mask->containerd[containerd] && mask->plugins[plugins];
        });
        if (out) {
          continue;
        }
        m_cell.plugins = m_product.plugins[plugins];
        if (!m_filter.fits(m_cell)) {
          continue;
        }
        ++visited;
        if (!m_visit(m_cell)) {
          return false;
        }
      }
    }
    return true;
  }

  const Product& m_product;
  const std::vector<Mask>& m_masks;
  const CellFilter& m_filter;
  const std::function<bool(const Cell&)>& m_visit;
  Cell m_cell;
};

}  // namespace

std::size_t for_each_cell(const Matrix& spec, const std::vector<std::string>& cells,
                          const std::function<bool(const Cell&)>& visit) {
  const CellFilter filter(cells);
  std::vector<Product> products;
  std::size_t visited = 0;
  for (const auto& axes : spec.products) {
    const auto product = product_of(axes);
    std::vector<Mask> masks;
    masks.reserve(products.size() + spec.exclusions.size());
    for (const auto& earlier : products) {
      masks.push_back(overlap(product, earlier));
    }
    for (const auto& exclusion : spec.exclusions) {
      masks.push_back(excluded(product, exclusion));
    }
    if (!Walk(product, masks, filter, visit).run(visited)) {
      return visited;
    }
    products.push_back(product);
  }
  return visited;
}

namespace {

// The beginning of an id has to be that of one cell only.
Expected<void> check_ids(const std::vector<std::string>& patterns, const std::vector<Cell>& cells) {
  for (const auto& pattern : patterns) {
    if (!could_be_id(pattern)) {
      continue;
    }
    std::vector<std::string> ids;
    for (const auto& cell : cells) {
      if (auto id = cell.id(); id.starts_with(pattern)) {
        ids.push_back(std::move(id));
      }
    }
    if (ids.size() > 1) {
      return input_error("--cell {}: the ids of {} cells begin so: {}", pattern, ids.size(),
                         short_list(ids));
    }
  }
  return {};
}

}  // namespace

Expected<std::vector<Cell>> all_cells(const Matrix& spec, const std::vector<std::string>& cells) {
  std::vector<Cell> result;
  for_each_cell(spec, cells, [&result](const Cell& cell) {
    result.push_back(cell);
    return result.size() <= k_cell_limit;
  });
  if (result.size() > k_cell_limit) {
    return input_error("{}: more than {} cells; select with --cell, --containerd and the like",
                       spec.file.empty() ? "the command line" : spec.file.string(), k_cell_limit);
  }
  if (result.empty()) {
    TRY(check_cells(spec, cells));
    return tl::unexpected(no_cells(spec));
  }
  TRY(check_ids(cells, result));
  return result;
}

namespace {

std::string place_of(const Matrix& spec) {
  return spec.file.empty() ? std::string("the command line") : spec.file.string();
}

// The patterns that no cell fits. `found` hears of the first cell that fits one.
std::vector<std::string> unfitting(const Matrix& spec, std::vector<std::string> patterns,
                                   const std::function<void(const Cell&)>& found) {
  for_each_cell(spec, {}, [&](const Cell& cell) {
    const auto name = cell.name();
    const auto id = cell.id();
    std::erase_if(patterns, [&](const std::string& pattern) {
      const bool fits = is_of_cell(pattern, name, id);
      if (fits) {
        found(cell);
      }
      return fits;
    });
    return !patterns.empty();
  });
  return patterns;
}

// The cell that was meant, where it is the runtime that makes the difference.
std::string of_another_runtime(Matrix spec, const std::string& pattern) {
  for (auto& product : spec.products) {
    product.runtimes = {RuntimeChoice::automatic, RuntimeChoice::daemon, RuntimeChoice::embedded};
  }
  std::string hint;
  unfitting(spec, {pattern}, [&](const Cell& cell) {
    hint = fmt::format("; it is {} of --runtime {}, and names and ids tell the runtime",
                       cell.name(), name_of(cell.runtime));
  });
  return hint;
}

}  // namespace

Expected<void> check_cells(const Matrix& spec, const std::vector<std::string>& cells) {
  const auto missing = unfitting(spec, cells, [](const Cell&) {});
  if (missing.empty()) {
    return {};
  }
  std::string hint;
  for (auto pattern = missing.begin(); hint.empty() && pattern != missing.end(); ++pattern) {
    hint = pattern->size() < k_shortest_id && is_hexadecimal(*pattern)
               ? fmt::format("; of an id at least {} characters are needed", k_shortest_id)
               : of_another_runtime(spec, *pattern);
  }
  return input_error("{}: no cell fits --cell {}{}; \"cni-matrix plan\" prints names and ids",
                     place_of(spec), short_list(missing), hint);
}

Error no_cells(const Matrix& spec) {
  return {
      ErrorKind::input,
      fmt::format("{}: at /exclude: the matrix is empty: everything is excluded", place_of(spec))};
}

}  // namespace cni_matrix::matrix
