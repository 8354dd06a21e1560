#include "text.hpp"
#include "try.hpp"

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

// valijson is a heavy template: this is the only file that includes it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace cni_matrix {

namespace {

struct KnownSchema {
  valijson::Schema schema;
  Json text;
};

// In the place of a reference to another schema, "leak-class.schema.json#/definitions/class", what
// stands there: valijson follows only those within a document.
Expected<void> take_in_others(Json& place, const std::filesystem::path& directory) {
  if (const auto reference = place.is_object() ? place.find("$ref") : place.end();
      reference != place.end() && reference->is_string()) {
    const auto text = reference->get<std::string>();
    if (const auto hash = text.find('#'); hash != 0 && hash != std::string::npos) {
      TRY_ASSIGN(const auto other, load_json(directory / text.substr(0, hash)));
      const Json::json_pointer there(text.substr(hash + 1));
      if (!other.contains(there)) {
        return input_error("there is no {}", text);
      }
      place = Json(other.at(there));
      return take_in_others(place, directory);
    }
  }
  if (place.is_structured()) {
    for (auto& inner : place) {
      TRY(take_in_others(inner, directory));
    }
  }
  return {};
}

Expected<const KnownSchema*> schema_of(std::string_view name) {
  static std::map<std::string, std::unique_ptr<KnownSchema>, std::less<>> cache;
  if (const auto found = cache.find(name); found != cache.end()) {
    return found->second.get();
  }
  const auto file = data_directory() / "matrix" / (std::string(name) + ".schema.json");
  auto text = load_json(file);
  if (const auto whole = text ? take_in_others(*text, file.parent_path()) : Expected<void>();
      !whole) {
    text = tl::unexpected(whole.error());
  }
  if (!text) {
    return broken("the schema {} is missing or damaged; install cni-matrix again: {}",
                  file.string(), text.error().message);
  }
  auto schema = std::make_unique<KnownSchema>();
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(*text), schema->schema);
  } catch (const std::exception& error) {
    return broken("the schema {} is damaged: {}", file.string(), error.what());
  }
  schema->text = *std::move(text);
  return cache.emplace(name, std::move(schema)).first->second.get();
}

// valijson says "<root>", "[steps]", "[0]".
std::vector<std::string> parts_of(const valijson::ValidationResults::Error& error) {
  std::vector<std::string> parts;
  for (const auto& part : error.context) {
    if (part == "<root>") {
      continue;
    }
    const bool bracketed = part.size() >= 2 && part.front() == '[' && part.back() == ']';
    parts.push_back(bracketed ? part.substr(1, part.size() - 2) : part);
  }
  return parts;
}

std::string shown(const Json& value) {
  return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace), 80);
}

// What a schema says of one place of a document: every alternative that could hold there.
class Rules {
 public:
  explicit Rules(const Json& schema) : m_schema(schema) { add(schema); }

  // To a member or an item of where we are.
  void go(const std::string& key) {
    const auto before = std::exchange(m_here, {});
    for (const auto* rule : before) {
      if (const auto members = rule->find("properties");
          members != rule->end() && members->contains(key)) {
        add(members->at(key));
      } else if (const auto others = rule->find("additionalProperties");
                 others != rule->end() && others->is_object()) {
        add(*others);
      }
      if (const auto forms = rule->find("patternProperties"); forms != rule->end()) {
        for (const auto& [pattern, value] : forms->items()) {
          if (std::regex_search(key, std::regex(pattern))) {
            add(value);
          }
        }
      }
      if (const auto items = rule->find("items"); items != rule->end() && items->is_object()) {
        add(*items);
      }
    }
  }

  [[nodiscard]] std::vector<std::string> keys() const {
    std::set<std::string> names;
    for (const auto* rule : m_here) {
      const auto members = rule->find("properties");
      for (auto member = members == rule->end() ? Json::const_iterator() : members->begin();
           members != rule->end() && member != members->end(); ++member) {
        names.insert(member.key());
      }
    }
    return {names.begin(), names.end()};
  }

  // What may stand here: values, or kinds of them ("a string").
  [[nodiscard]] std::vector<std::string> values() const {
    std::set<std::string> names;
    for (const auto* rule : m_here) {
      for (const auto& value : rule->value("enum", Json::array())) {
        names.insert(value.is_string() ? value.get<std::string>() : value.dump());
      }
    }
    return {names.begin(), names.end()};
  }
  [[nodiscard]] std::string kinds() const {
    std::set<std::string> names;
    for (const auto* rule : m_here) {
      const auto type = rule->value("type", Json());
      for (const auto& name : type.is_array() ? type : Json::array({type})) {
        if (name.is_string()) {
          names.insert(name.get<std::string>());
        }
      }
    }
    return fmt::format("{}", fmt::join(names, " or "));
  }

  // The whole number that a rule names with this key: "maximum".
  [[nodiscard]] std::optional<std::int64_t> limit(const char* key) const {
    for (const auto* rule : m_here) {
      if (const auto found = rule->find(key); found != rule->end() && found->is_number_integer()) {
        return found->get<std::int64_t>();
      }
    }
    return std::nullopt;
  }

  // What is wanted of a text, or of the keys of an object, in the schema's own words: beside each
  // "pattern" stands a "patternErrorMessage".
  [[nodiscard]] std::string lack_of_form(const Json& value) const {
    for (const auto* rule : m_here) {
      if (value.is_string()) {
        if (const auto message = lack_of_form(*rule, value.get<std::string>()); !message.empty()) {
          return shown(value) + " " + message;
        }
      }
      const auto names = rule->find("propertyNames");
      if (!value.is_object() || names == rule->end()) {
        continue;
      }
      for (const auto& [key, member] : value.items()) {
        if (const auto message = lack_of_form(*names, key); !message.empty()) {
          return fmt::format("the key {} {}", shown(key), message);
        }
      }
    }
    return {};
  }

  [[nodiscard]] std::string description() const {
    for (const auto* rule : m_here) {
      if (const auto found = rule->find("description"); found != rule->end()) {
        return found->get<std::string>();
      }
    }
    return {};
  }

 private:
  static std::string lack_of_form(const Json& rule, const std::string& text) {
    const auto pattern = rule.find("pattern");
    return pattern == rule.end() || std::regex_search(text, std::regex(pattern->get<std::string>()))
               ? std::string()
               : rule.value("patternErrorMessage", std::string());
  }

  void add(const Json& rule) {
    constexpr std::size_t k_most = 200;  // alternatives, should a schema lead back to itself
    if (!rule.is_object() || m_here.size() > k_most) {
      return;
    }
    if (const auto reference = rule.find("$ref"); reference != rule.end()) {
      const Json::json_pointer place(reference->get<std::string>().substr(1));  // "#/definitions/x"
      if (m_schema.contains(place)) {
        add(m_schema.at(place));
      }
      return;
    }
    m_here.push_back(&rule);
    for (const auto* several : {"oneOf", "anyOf", "allOf"}) {
      if (const auto found = rule.find(several); found != rule.end()) {
        for (const auto& one : *found) {
          add(one);
        }
      }
    }
  }

  const Json& m_schema;
  std::vector<const Json*> m_here;
};

// The last word between quotes: valijson names a key so.
std::string quoted(const std::string& text) {
  const auto end = text.rfind('\'');
  const auto begin = end == std::string::npos || end == 0 ? end : text.rfind('\'', end - 1);
  return begin == std::string::npos ? std::string() : text.substr(begin + 1, end - begin - 1);
}

// "must be from 1 to 65535", "must have at least 1 entry": of a number, or a number of things.
std::string bounds_of(const Rules& rules, const char* lowest, const char* highest,
                      std::string_view verb, std::string_view things) {
  const auto least = rules.limit(lowest);
  const auto most = rules.limit(highest);
  const auto counted = [&](std::int64_t count) {
    return fmt::format("{}{}", count, things.empty() ? "" : fmt::format(" {}", things));
  };
  if (least && most) {
    return fmt::format("must {} {}{} to {}", verb, things.empty() ? "from " : "", *least,
                       counted(*most));
  }
  return least  ? fmt::format("must {} at least {}", verb, counted(*least))
         : most ? fmt::format("must {} at most {}", verb, counted(*most))
                : std::string();
}

// valijson's sentence in words that say what to do.
std::string explain(const std::string& said, const Json& value, const Rules& rules) {
  const auto key = quoted(said);
  if (said.find("additionalProperties") != std::string::npos && !key.empty()) {
    return fmt::format("there is no key \"{}\"{}", excerpt(key, 80), suggestion(key, rules.keys()));
  }
  if (said.find("required") != std::string::npos && !key.empty()) {
    return fmt::format("the key \"{}\" is missing", key);
  }
  if (said.find("'type'") != std::string::npos && !rules.kinds().empty()) {
    return fmt::format("{} is not of the type {}", shown(value), rules.kinds());
  }
  if (said.find("enum") != std::string::npos && !rules.values().empty()) {
    const auto word = value.is_string() ? value.get<std::string>() : value.dump();
    return fmt::format("{} is not allowed{}", shown(value), suggestion(word, rules.values()));
  }
  if (const auto lack = rules.lack_of_form(value); !lack.empty()) {
    return lack;
  }
  std::string bounds;
  if (said.find("Expected number") != std::string::npos) {
    bounds = bounds_of(rules, "minimum", "maximum", "be", "");
  } else if (said.find("characters in length") != std::string::npos) {
    bounds = value == "" ? "must not be empty"
                         : bounds_of(rules, "minLength", "maxLength", "have", "characters");
  } else if (said.find(" elements.") != std::string::npos) {
    bounds = value.empty() ? "must not be empty"
                           : bounds_of(rules, "minItems", "maxItems", "have", "entries");
  } else if (said.find(" properties.") != std::string::npos) {
    bounds = value.empty() ? "must not be empty"
                           : bounds_of(rules, "minProperties", "maxProperties", "have", "keys");
  } else if (said.find("uniqueness") != std::string::npos) {
    bounds = "has an entry twice";
  }
  if (!bounds.empty()) {
    return fmt::format("{} {}", shown(value), bounds);
  }
  const auto wanted = rules.description();
  return wanted.empty() ? fmt::format("{} is not allowed", shown(value))
                        : fmt::format("{} is not what is wanted: {}", shown(value), wanted);
}

}  // namespace

Expected<void> check_schema(const Json& value, std::string_view schema, std::string_view name) {
  TRY_ASSIGN(const auto* known, schema_of(schema));
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(known->schema, valijson::adapters::NlohmannJsonAdapter(value), &results)) {
    return {};
  }
  // The deepest error is the one that names the real place; the ones above only repeat it.
  valijson::ValidationResults::Error deepest;
  valijson::ValidationResults::Error error;
  bool first = true;
  while (results.popError(error)) {
    if (first || error.context.size() > deepest.context.size()) {
      deepest = error;
      first = false;
    }
  }
  Rules rules(known->text);
  const Json* place = &value;
  for (const auto& part : parts_of(deepest)) {
    rules.go(part);
    if (place->is_array()) {
      place = &place->at(std::stoul(part));
    } else if (place->is_object() && place->contains(part)) {
      place = &place->at(part);
    }
  }
  return input_error("{}: at /{}: {}", name,
                     excerpt(fmt::format("{}", fmt::join(parts_of(deepest), "/"))),
                     explain(deepest.description, *place, rules));
}

}  // namespace cni_matrix
