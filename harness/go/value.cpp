#include "value.hpp"

#include "format.hpp"

#include <algorithm>

namespace cni_matrix::go {

Value Value::of(bool value) {
  Value out;
  out.kind = Kind::boolean;
  out.boolean = value;
  return out;
}

Value Value::of(std::string value) {
  Value out;
  out.kind = Kind::string;
  out.text = std::move(value);
  return out;
}

Value Value::of(std::int64_t value) {
  Value out;
  out.kind = Kind::number;
  out.text = std::to_string(value);
  return out;
}

Value Value::array(std::vector<Value> values) {
  Value out;
  out.kind = Kind::array;
  out.items = std::move(values);
  return out;
}

Value Value::object(std::vector<std::pair<std::string, Value>> values) {
  Value out;
  out.kind = Kind::object;
  out.members = std::move(values);
  return out;
}

const Value* Value::find(std::string_view name) const {
  const auto last = std::find_if(members.rbegin(), members.rend(),
                                 [name](const auto& member) { return member.first == name; });
  return last == members.rend() ? nullptr : &last->second;
}

void Value::set(std::string name, Value value) {
  for (auto& member : members) {
    if (member.first == name) {
      member.second = std::move(value);
      return;
    }
  }
  members.emplace_back(std::move(name), std::move(value));
}

Value from_json(const OrderedJson& json) {
  switch (json.type()) {
    case OrderedJson::value_t::boolean:
      return Value::of(json.get<bool>());
    case OrderedJson::value_t::string:
      return Value::of(json.get<std::string>());
    case OrderedJson::value_t::number_integer:
      return Value::of(json.get<std::int64_t>());
    case OrderedJson::value_t::number_unsigned:
    case OrderedJson::value_t::number_float: {
      Value out;
      out.kind = Value::Kind::number;
      out.text = json.is_number_unsigned() ? std::to_string(json.get<std::uint64_t>())
                                           : format_float(json.get<double>());
      return out;
    }
    case OrderedJson::value_t::array: {
      Value out = Value::array();
      for (const auto& item : json) {
        out.items.push_back(from_json(item));
      }
      return out;
    }
    case OrderedJson::value_t::object: {
      Value out = Value::object();
      for (const auto& [name, member] : json.items()) {
        out.members.emplace_back(name, from_json(member));
      }
      return out;
    }
    default:
      return {};
  }
}

OrderedJson to_ordered_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return value.boolean;
    case Value::Kind::string:
      return value.text;
    case Value::Kind::number:
      return OrderedJson::parse(value.text, nullptr, false);
    case Value::Kind::array: {
      OrderedJson out = OrderedJson::array();
      for (const auto& item : value.items) {
        out.push_back(to_ordered_json(item));
      }
      return out;
    }
    case Value::Kind::object: {
      OrderedJson out = OrderedJson::object();
      for (const auto& [name, member] : value.members) {
        out[name] = to_ordered_json(member);
      }
      return out;
    }
  }
  return nullptr;
}

}  // namespace cni_matrix::go
