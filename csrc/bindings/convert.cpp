#include "bindings/convert.h"

#include <cstring>

namespace axone {

namespace {

bool kind_to_dtype(char kind, int64_t size, DType* out) {
  if (kind == 'f' && size == 4) return *out = DType::f32, true;
  if (kind == 'f' && size == 8) return *out = DType::f64, true;
  if (kind == 'i' && size == 4) return *out = DType::i32, true;
  if (kind == 'i' && size == 8) return *out = DType::i64, true;
  if (kind == 'u' && size == 1) return *out = DType::u8, true;
  if (kind == 'b' && size == 1) return *out = DType::b8, true;
  return false;
}

bool native_order(const py::array& a) {
  const char order = a.dtype().byteorder();
  return order == '=' || order == '|';
}

}  // namespace

DType dtype_of_array(const py::array& array) {
  DType dtype;
  require<TypeError>(native_order(array) && kind_to_dtype(array.dtype().kind(), array.itemsize(), &dtype),
                     "an array of dtype ", std::string(py::str(array.dtype())),
                     " is not supported; convert it to float32, float64, int32, int64, uint8 or bool");
  return dtype;
}

const py::dtype& numpy_dtype(DType dtype) {
  // Looked up once: by name it costs as much as a small network. Never freed: the interpreter may end first.
  static const std::vector<py::dtype>& all = *[] {
    auto* types = new std::vector<py::dtype>;
    for (int t = 0; t < kDTypeCount; ++t) types->push_back(py::dtype(dtype_name(DType(t))));
    return types;
  }();
  return all[size_t(dtype)];
}

py::tuple shape_tuple(const Shape& shape) {
  py::tuple t(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) t[i] = shape[i];
  return t;
}

Tensor copy_of_array(const py::array& array) {
  const DType dtype = dtype_of_array(array);
  const py::array dense = py::array::ensure(array, py::array::c_style);
  if (!dense) throw py::error_already_set();
  Tensor t(TensorType{dtype, Shape(array.shape(), array.shape() + array.ndim())});
  if (t.bytes()) std::memcpy(t.data(), dense.data(), t.bytes());
  return t;
}

py::array empty_array(const TensorType& type) {
  return py::array(numpy_dtype(type.dtype), std::vector<py::ssize_t>(type.shape.begin(), type.shape.end()));
}

py::array array_of_tensor(const Tensor& tensor) {
  py::array out = empty_array(tensor.type());
  if (tensor.bytes()) std::memcpy(out.mutable_data(), tensor.data(), tensor.bytes());
  return out;
}

Source source_of_array(const py::array& array) {
  const char kind = array.dtype().kind();
  const int64_t size = array.itemsize();
  Source s;
  s.data = static_cast<const char*>(array.data());
  s.shape.assign(array.shape(), array.shape() + array.ndim());
  s.strides.assign(array.strides(), array.strides() + array.ndim());
  const std::pair<std::pair<char, int64_t>, SourceType> types[] = {
      {{'f', 2}, SourceType::f16}, {{'f', 4}, SourceType::f32}, {{'f', 8}, SourceType::f64},
      {{'i', 1}, SourceType::i8},  {{'i', 2}, SourceType::i16}, {{'i', 4}, SourceType::i32},
      {{'i', 8}, SourceType::i64}, {{'u', 1}, SourceType::u8},  {{'u', 2}, SourceType::u16},
      {{'u', 4}, SourceType::u32}, {{'u', 8}, SourceType::u64}, {{'b', 1}, SourceType::b8}};
  for (const auto& [key, type] : types)
    if (key == std::make_pair(kind, size) && native_order(array)) {
      s.type = type;
      require(array.ndim() >= 1, "expected an array of samples, got a scalar");
      return s;
    }
  throw TypeError(text("an array of dtype ", std::string(py::str(array.dtype())),
                       " cannot be fed to a model; convert it to numbers first"));
}

namespace {

Attr attr_of(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return py::cast<bool>(value);
  if (py::isinstance<py::int_>(value)) return py::cast<int64_t>(value);
  if (py::isinstance<py::float_>(value)) return py::cast<double>(value);
  if (py::isinstance<py::str>(value)) return py::cast<std::string>(value);
  if (py::isinstance<Opaque>(value))
    return std::shared_ptr<const Opaque>(py::cast<std::shared_ptr<Opaque>>(value));
  return py::cast<std::vector<int64_t>>(value);
}

}  // namespace

Attrs attrs_of(const py::dict& dict) {
  Attrs attrs;
  for (const auto& [key, value] : dict) {
    const std::string name = py::cast<std::string>(key);
    try {
      attrs.set(name, attr_of(value));
    } catch (const py::cast_error&) {
      throw ValueError(text("'", name,
                            "' must be a number, a text or a list of whole numbers of at most 64 bits, got ",
                            std::string(py::str(value)).substr(0, 80)));
    }
  }
  return attrs;
}

py::dict dict_of(const Attrs& attrs) {
  py::dict out;
  for (const auto& [name, attr] : attrs.items())
    out[py::str(name)] = std::visit(
        [](const auto& v) {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::shared_ptr<const Opaque>>)
            return py::object(py::cast(std::const_pointer_cast<Opaque>(v)));
          else
            return py::object(py::cast(v));
        },
        attr);
  return out;
}

}  // namespace axone
