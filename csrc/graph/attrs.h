// The constants of an operation: axis, shape, slope, ...
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"

namespace axone {

// An attribute that only its operation understands, such as a function.
struct Opaque {
  virtual ~Opaque() = default;
  // Appends a text that two of a kind share exactly if they are equal; by default each equals only itself.
  virtual void append_key(std::string* out) const {
    const Opaque* self = this;
    out->append(reinterpret_cast<const char*>(&self), sizeof(self));
  }
};

using Attr =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::shared_ptr<const Opaque>>;

class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> items) : items_(items) {}

  void set(const std::string& name, Attr value) { items_[name] = std::move(value); }
  bool has(const std::string& name) const { return items_.count(name) != 0; }

  // The attribute of that name and type; an integer is taken for a double. Throws TypeError otherwise.
  template <class T>
  T get(const std::string& name) const {
    auto it = items_.find(name);
    require<TypeError>(it != items_.end(), "missing argument '", name, "'");
    if (const T* v = std::get_if<T>(&it->second)) return *v;
    if constexpr (std::is_same_v<T, double>) {
      if (const int64_t* v = std::get_if<int64_t>(&it->second)) return double(*v);
      if (const bool* v = std::get_if<bool>(&it->second)) return double(*v);
    }
    if constexpr (std::is_same_v<T, int64_t>) {
      if (const bool* v = std::get_if<bool>(&it->second)) return int64_t(*v);
    }
    throw TypeError(text("argument '", name, "' has the wrong type"));
  }

  template <class T>
  T get(const std::string& name, T otherwise) const {
    return has(name) ? get<T>(name) : otherwise;
  }

  // The opaque attribute of that name as a T; throws TypeError where it is none.
  template <class T>
  std::shared_ptr<const T> opaque(const std::string& name) const {
    auto found = std::dynamic_pointer_cast<const T>(get<std::shared_ptr<const Opaque>>(name));
    require<TypeError>(found != nullptr, "argument '", name, "' has the wrong type");
    return found;
  }

  const std::map<std::string, Attr>& items() const { return items_; }
  bool operator==(const Attrs& o) const { return items_ == o.items_; }

  // Appends a text to `out` that two Attrs share exactly if they are equal.
  void append_key(std::string* out) const;

 private:
  std::map<std::string, Attr> items_;
};

}  // namespace axone
