#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

// valijson is a heavy template: this is the only file that includes it.
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <map>
#include <memory>
#include <stdexcept>

namespace cni_matrix {

namespace {

Expected<const valijson::Schema*> schema_of(std::string_view name) {
  static std::map<std::string, std::unique_ptr<valijson::Schema>, std::less<>> cache;
  if (const auto found = cache.find(name); found != cache.end()) {
    return found->second.get();
  }
  const auto file = data_directory() / "matrix" / (std::string(name) + ".schema.json");
  auto text = load_json(file);
  if (!text) {
    return broken("the schema {} is missing or damaged; install cni-matrix again: {}",
                  file.string(), text.error().message);
  }
  auto schema = std::make_unique<valijson::Schema>();
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(*text), *schema);
  } catch (const std::exception& error) {
    return broken("the schema {} is damaged: {}", file.string(), error.what());
  }
  return cache.emplace(name, std::move(schema)).first->second.get();
}

// valijson says "<root>", "[steps]", "[0]"; people and tools know JSON pointers (RFC 6901).
std::string pointer(const valijson::ValidationResults::Error& error) {
  std::string text;
  for (const auto& part : error.context) {
    if (part == "<root>") {
      continue;
    }
    std::string name = part;
    if (name.size() >= 2 && name.front() == '[' && name.back() == ']') {
      name = name.substr(1, name.size() - 2);
    }
    text += '/' + name;
  }
  return text.empty() ? "/" : text;
}

}  // namespace

Expected<void> check_schema(const Json& value, std::string_view schema, std::string_view name) {
  CNI_MATRIX_TRY_ASSIGN(const auto* parsed, schema_of(schema));
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(*parsed, valijson::adapters::NlohmannJsonAdapter(value), &results)) {
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
  return input_error("{}: at {}: {}", name, pointer(deepest), deepest.description);
}

}  // namespace cni_matrix
