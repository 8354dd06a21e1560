#include "style.hpp"

namespace cni_matrix::report {

namespace {

std::string in_colour(bool colour, std::string_view code, std::string_view text) {
  if (!colour) {
    return std::string(text);
  }
  std::string out = "\x1b[";
  out += code;
  out += 'm';
  out += text;
  return out + "\x1b[0m";
}

}  // namespace

std::string_view Style::symbol(run::Verdict verdict) const {
  using run::Verdict;
  switch (verdict) {
    case Verdict::pass:
      return unicode ? "✓" : "+";
    case Verdict::known:
      return "K";
    case Verdict::fail:
      return unicode ? "✗" : "X";
    case Verdict::leak:
      return "L";
    case Verdict::skip:
      return "-";
    case Verdict::broken:
      return "!";
    case Verdict::interrupted:
      return "?";
  }
  return "!";
}

std::string Style::painted(run::Verdict verdict, std::string_view text) const {
  using run::Verdict;
  switch (verdict) {
    case Verdict::pass:
      return in_colour(colour, "32", text);
    case Verdict::known:
      return in_colour(colour, "33", text);
    case Verdict::fail:
    case Verdict::leak:
      return in_colour(colour, "31", text);
    case Verdict::broken:
      return in_colour(colour, "35", text);
    case Verdict::skip:
    case Verdict::interrupted:
      return in_colour(colour, "2", text);
  }
  return std::string(text);
}

std::string Style::bold(std::string_view text) const {
  return in_colour(colour, "1", text);
}

std::string Style::dim(std::string_view text) const {
  return in_colour(colour, "2", text);
}

}  // namespace cni_matrix::report
