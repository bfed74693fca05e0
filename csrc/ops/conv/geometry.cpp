#include "ops/conv/geometry.h"

#include <algorithm>

namespace axone {

namespace {

Axes positive(const char* op, const Attrs& attrs, const char* name, size_t rank, int64_t least) {
  const Axes values = attrs.get<Axes>(name);
  require(values.size() == rank, op, ": expected ", rank, " values for '", name,
          "', one for each spatial axis, got ", values);
  for (int64_t v : values)
    require(v >= least && v <= INT32_MAX, op, ": expected values of at least ", least, " for '", name,
            "', got ", values);
  return values;
}

// Places `values` behind axes that are not there.
void spread(const Axes& values, int64_t otherwise, int64_t (&to)[3]) {
  std::fill_n(to, 3, otherwise);
  std::copy(values.begin(), values.end(), to + 3 - values.size());
}

}  // namespace

bool ConvGeometry::pointwise() const {
  for (int i = 0; i < 3; ++i)
    if (kernel[i] != 1 || stride[i] != 1 || low[i] != 0 || in[i] != out[i]) return false;
  return groups == 1;
}

double ConvGeometry::flops() const {
  return 2.0 * double(batch) * double(out_positions()) * double(taps()) * double(group_channels()) *
         double(filters);
}

ConvGeometry conv_geometry(const char* op, const Attrs& attrs, DType dtype, const Shape& x, const Shape& w) {
  require(x.size() >= 3 && x.size() <= 5, op,
          ": expected an input of 3 to 5 axes (batch, 1 to 3 spatial axes, channels), got shape ", x);
  require(w.size() == x.size(), op, ": expected a kernel of ", x.size(), " axes for input shape ", x,
          ", got shape ", w);
  const size_t rank = x.size() - 2;
  ConvGeometry g;
  g.dtype = dtype;
  g.batch = x[0], g.channels = x.back(), g.filters = w.back();
  g.exact = attrs.get<bool>("exact", false);
  g.samples = attrs.get<int64_t>("samples", 0);
  require(g.samples >= 0 && (g.samples == 0 || g.batch % g.samples == 0), op, ": ", g.batch,
          " images are not the steps of ", g.samples, " sequences");
  if (g.batch == 0) g.samples = 0;
  g.groups = attrs.get<int64_t>("groups", 1);
  require(g.groups >= 1 && g.channels % g.groups == 0 && g.filters % g.groups == 0, op, ": ", g.groups,
          " groups do not divide ", g.channels, " input channels and ", g.filters, " filters");
  require(w[rank] == g.channels / g.groups, op, ": expected a kernel for ", g.channels / g.groups,
          " channels (input shape ", x, ", groups ", g.groups, "), got kernel shape ", w);
  spread(Axes(x.begin() + 1, x.end() - 1), 1, g.in);
  spread(Axes(w.begin(), w.begin() + int64_t(rank)), 1, g.kernel);
  spread(positive(op, attrs, "strides", rank, 1), 1, g.stride);
  spread(positive(op, attrs, "dilation", rank, 1), 1, g.dilation);
  const Axes low = positive(op, attrs, "pad_lo", rank, 0);
  spread(low, 0, g.low);
  int64_t high[3];
  spread(positive(op, attrs, "pad_hi", rank, 0), 0, high);
  for (int i = 0; i < 3; ++i) {
    require(g.kernel[i] >= 1, op, ": expected kernel sizes of at least 1, got kernel shape ", w);
    const int64_t reach = (g.kernel[i] - 1) * g.dilation[i] + 1, padded = g.in[i] + g.low[i] + high[i];
    require(g.kernel[i] <= INT32_MAX && reach <= padded, op, ": a kernel of size ", g.kernel[i],
            g.dilation[i] > 1 ? text(" (dilated ", reach, ")") : std::string(), " does not fit into ", padded,
            " positions (input shape ", x, ", padding ", g.low[i], " and ", high[i], ")");
    g.out[i] = (padded - reach) / g.stride[i] + 1;
  }
  element_count(conv_output_shape(g, rank));
  return g;
}

Shape conv_output_shape(const ConvGeometry& g, size_t rank) {
  Shape shape{g.batch};
  for (size_t i = 3 - rank; i < 3; ++i) shape.push_back(g.out[i]);
  shape.push_back(g.filters);
  return shape;
}

ConvGeometry forward_geometry(const OpCall& c) {
  return conv_geometry("conv", c.attrs, c.in(0).dtype, c.in(0).shape, c.in(1).shape);
}

ConvGeometry input_grad_geometry(const OpCall& c) {
  const Shape x = c.attrs.get<Shape>("input_shape");
  const ConvGeometry g = conv_geometry("conv_input_grad", c.attrs, c.in(0).dtype, x, c.in(1).shape);
  const Shape y = conv_output_shape(g, x.size() - 2);
  require(c.in(0).shape == y, "conv_input_grad: expected the gradient of an output of shape ", y,
          ", got shape ", c.in(0).shape);
  return g;
}

ConvGeometry weight_grad_geometry(const OpCall& c) {
  const Shape &x = c.in(0).shape, &dy = c.in(1).shape;
  Shape w = c.attrs.get<Shape>("kernel");
  const int64_t groups = c.attrs.get<int64_t>("groups", 1);
  require(x.size() >= 3 && dy.size() == x.size() && groups >= 1,
          "conv_weight_grad: expected an input and a gradient of 3 to 5 axes, got shapes ", x, " and ", dy);
  w.push_back(x.back() / groups);
  w.push_back(dy.back());
  const ConvGeometry g = conv_geometry("conv_weight_grad", c.attrs, c.in(0).dtype, x, w);
  const Shape y = conv_output_shape(g, x.size() - 2);
  require(dy == y, "conv_weight_grad: expected the gradient of an output of shape ", y, ", got shape ", dy);
  return g;
}

}  // namespace axone
