// Errors in a user's words. The bindings turn each kind into the Python exception of the same name.
#pragma once

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace axone {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ValueError : Error {
  using Error::Error;
};
struct TypeError : Error {
  using Error::Error;
};
struct IndexError : Error {
  using Error::Error;
};
struct MemoryError : Error {
  using Error::Error;
};

inline void write_text(std::ostream& out, const std::vector<int64_t>& tuple) {
  out << '(';
  for (size_t i = 0; i < tuple.size(); ++i) out << (i ? ", " : "") << tuple[i];
  out << (tuple.size() == 1 ? ",)" : ")");
}
template <class T>
void write_text(std::ostream& out, const T& x) {
  out << x;
}

// Joins its arguments: text("axis ", axis, " is out of range for shape ", shape). Shapes appear as Python's
// tuples.
template <class... Args>
std::string text(const Args&... args) {
  std::ostringstream out;
  (write_text(out, args), ...);
  return out.str();
}

// Throws E with the joined text unless `ok`.
template <class E = ValueError, class... Args>
void require(bool ok, const Args&... args) {
  if (!ok) throw E(text(args...));
}

}  // namespace axone
