"""Pictures of models: what stands on them, where, and in which formats."""

from __future__ import annotations

import itertools
import random
import re
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import axone
from axone import layers, ops
from axone.utils import model_to_dot, plot_model
from axone.visualization.network.layers import Edge, place

OPTIONS = {"show_shapes": True, "show_dtype": True, "show_layer_activations": True, "show_trainable": True}


def heads() -> axone.Model:
    x = axone.Input((8,), name="code")
    h = layers.Dense(4, activation="tanh", name="inner")(x)
    return axone.Model(x, [layers.Dense(3, name="kind")(h), layers.Dense(1, name="value")(h)], name="heads")


def network() -> axone.Model:
    a, b = axone.Input((8,), name="a"), axone.Input((5,), name="b")
    side = axone.Sequential(
        [axone.Input((5,)), layers.Dense(8, name="s1"), layers.ReLU(name="s2")], name="side"
    )
    side.trainable = False
    joined = layers.Add(name="joined")([layers.Dense(8, name="first")(a), side(b), a])
    kind, value = heads()(joined)
    return axone.Model([a, b], [layers.Softmax(name="soft")(kind), ops.sigmoid(value)], name="whole")


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]


def links(source: str) -> set[tuple[str, str]]:
    """Links between the names of layers."""
    names = {
        key: name.split("_")[0] for key, name in re.findall(r"(n[_\d]*) \[label=.*?<B>(.*?)</B>", source)
    }
    return {(names[a], names[b]) for a, b in re.findall(r"(n[_\d]*) -> (n[_\d]*);", source)}


def test_dot_of_a_graph() -> None:
    graph = model_to_dot(network())
    assert links(graph.source) == {
        ("a", "first"),
        ("b", "side"),
        ("first", "joined"),
        ("side", "joined"),
        ("a", "joined"),
        ("joined", "heads"),
        ("heads", "soft"),
        ("heads", "sigmoid"),
    }
    assert graph.to_string() == graph.source
    assert "rankdir=TB" in graph.source


def test_dot_of_nested_models_meets_the_layers_inside() -> None:
    source = model_to_dot(network(), expand_nested=True, rankdir="LR").source
    assert {("b", "s1"), ("s1", "s2"), ("s2", "joined"), ("joined", "code"), ("kind", "soft")} <= links(
        source
    )
    assert {("value", "sigmoid"), ("code", "inner"), ("inner", "kind")} <= links(source)
    assert source.count("subgraph cluster_") == 2 and source.count("{") == source.count("}")
    assert model_to_dot(heads(), subgraph=True).source.startswith("subgraph cluster_")


def test_svg_shows_what_was_asked_for() -> None:
    model = network()
    plain = texts(plot_model(model, None)._repr_svg_())
    assert sorted(plain) == sorted(
        ["InputLayer"] * 2 + ["Dense", "Sequential", "Add", "Functional", "Softmax", "Sigmoid"]
    )
    full = texts(plot_model(model, None, show_layer_names=True, expand_nested=True, **OPTIONS)._repr_svg_())
    for text in ("first", "joined", "heads", "side", "tanh", "(None, 8)", "float32", "trainable", "frozen"):
        assert text in full, text
    assert "[(None, 8), (None, 8), (None, 8)]" in full
    assert full.count("frozen") == 1


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("splines", ["ortho", "curved", "line"])
def test_everything_lies_within_the_picture(rankdir: str, splines: str) -> None:
    graph = model_to_dot(network(), expand_nested=True, rankdir=rankdir, splines=splines, **OPTIONS)
    root = ElementTree.fromstring(graph.create())
    width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
    for node in root.iter("{http://www.w3.org/2000/svg}path"):
        points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", node.get("d"))
        assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in points)


def test_names_are_escaped() -> None:
    model = axone.Sequential([axone.Input((2,)), layers.Dense(1, name='a<b>&"c')])
    assert 'a<b>&"c' in texts(plot_model(model, None, show_layer_names=True)._repr_svg_())
    assert "a&lt;b&gt;&amp;" in model_to_dot(model).source


def test_files(tmp_path) -> None:
    model = heads()
    plot_model(model, tmp_path / "m.svg")
    assert (tmp_path / "m.svg").read_text().startswith("<svg")
    plot_model(model, str(tmp_path / "m.dot"))
    assert (tmp_path / "m.dot").read_text().startswith("digraph")
    graph = model_to_dot(model)
    assert graph.create(prog="dot", format="svg").startswith(b"<svg")
    with pytest.raises(FileNotFoundError):
        plot_model(model, tmp_path / "nowhere" / "m.svg")


def test_images(tmp_path) -> None:
    image = pytest.importorskip("matplotlib.image")
    sizes = []
    for dpi in (50, 100):
        plot_model(network(), tmp_path / "m.png", show_shapes=True, expand_nested=True, dpi=dpi)
        pixels = image.imread(tmp_path / "m.png")
        assert pixels[..., :3].min() < 0.5 < pixels[..., :3].max()
        sizes.append(pixels.shape[0])
    assert abs(sizes[1] - 2 * sizes[0]) <= 2
    model_to_dot(heads()).write_pdf(tmp_path / "m.pdf")
    assert (tmp_path / "m.pdf").read_bytes().startswith(b"%PDF")
    plot_model(heads(), tmp_path / "ending", dpi=30)
    assert (tmp_path / "ending").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"no format 'xyz'.*\.svg"):
        plot_model(heads(), tmp_path / "m.xyz")


def test_matplotlib_is_only_needed_for_images(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    plot_model(heads(), tmp_path / "m.svg")
    with pytest.raises(ImportError, match=r"pip install .axone"):
        plot_model(heads(), tmp_path / "m.png")


class Own(axone.Model):
    def __init__(self) -> None:
        super().__init__(name="own")
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def test_kinds_of_models() -> None:
    own = Own()
    with pytest.raises(ValueError, match="'own' is not built yet"):
        plot_model(own, None)
    own(np.zeros((1, 3), "float32"))
    assert texts(plot_model(own, None)._repr_svg_()) == ["Own"]
    late = axone.Sequential([layers.Dense(3), layers.Dense(1)])
    with pytest.raises(ValueError, match="not built"):
        plot_model(late, None)
    late.build((None, 2))
    assert texts(plot_model(late, None)._repr_svg_()) == ["Dense", "Dense"]


def test_shared_layer_fed_with_its_own_output() -> None:
    x = axone.Input((3,), name="x")
    shared = layers.Dense(3, name="shared")
    model = axone.Model(x, layers.ReLU(name="end")(shared(layers.ReLU(name="between")(shared(x)))))
    graph = model_to_dot(model)
    assert links(graph.source) == {
        ("x", "shared"),
        ("shared", "between"),
        ("between", "shared"),
        ("shared", "end"),
    }
    assert len(texts(graph._repr_svg_())) == 8
    again = axone.Model(x, shared(shared(x)))
    assert texts(model_to_dot(again)._repr_svg_())


def test_deep_and_nested_models() -> None:
    x = h = axone.Input((2,))
    for _ in range(1500):
        h = layers.ReLU()(h)
    assert len(texts(plot_model(axone.Model(x, h), None)._repr_svg_())) == 1501
    for depth in range(5):
        outer = axone.Input((2,))
        h = layers.ReLU()(outer) if depth == 0 else inner(outer)  # noqa: F821
        inner = axone.Model(outer, h, name=f"level{depth}")
    assert "level0" in texts(plot_model(inner, None, expand_nested=True)._repr_svg_())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rankdir": "XY"}, "rankdir must be one of"),
        ({"splines": "wild"}, "splines must be one of"),
        ({"dpi": 0}, "dpi must be a positive number"),
        ({"layer_range": ["a", "b"]}, "layer_range is not supported"),
        ({"colour": 1}, r"unknown argument\(s\) \['colour'\]"),
    ],
)
def test_wrong_arguments(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        plot_model(heads(), None, **options)


def crossings(routes: list[list[tuple[float, float]]]) -> int:
    pieces = [p for route in routes for p in itertools.pairwise(route) if p[0][1] != p[1][1]]
    total = 0
    for i, (a, b) in enumerate(pieces):
        for c, d in pieces[:i]:
            if a[1] == c[1] and b[1] == d[1] and (a[0] - c[0]) * (b[0] - d[0]) < -1e-6:
                total += 1
    return total


def test_layout_of_a_chain_with_a_shortcut() -> None:
    sizes = [(60.0, 20.0), (90.0, 30.0), (50.0, 20.0), (60.0, 20.0)]
    edges = [Edge(0, 1), Edge(1, 2), Edge(2, 3), Edge(0, 3)]
    placed = place(sizes, edges)
    ys = [y for _, y in placed.centers]
    assert ys == sorted(ys) and placed.centers[1][0] == placed.centers[2][0]
    assert crossings(placed.routes) == 0
    inner = {x for x, _ in placed.routes[3][2:-2]}
    assert len(inner) == 1, "the long link runs straight"
    x, width = placed.centers[1][0], sizes[1][0]
    assert abs(inner.pop() - x) >= width / 2, "and past the box beside it"


def test_layout_untangles() -> None:
    # Three pairs, linked crosswise in the order in which they are given.
    placed = place([(30.0, 20.0)] * 6, [Edge(0, 5), Edge(1, 4), Edge(2, 3)])
    assert crossings(placed.routes) == 0


@pytest.mark.parametrize("seed", range(8))
def test_layout_of_random_graphs(seed: int) -> None:
    draw = random.Random(seed)
    count = 30
    sizes = [(draw.uniform(10, 120), draw.uniform(10, 60)) for _ in range(count)]
    edges = [Edge(draw.randrange(count), draw.randrange(count)) for _ in range(45)]
    edges = [edge for edge in edges if edge.source != edge.target]
    placed = place(sizes, edges)
    boxes = [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (x, y), (w, h) in zip(placed.centers, sizes, strict=True)
    ]
    for i, a in enumerate(boxes):
        assert a[0] > -1e-6 and a[1] > -1e-6 and a[2] < placed.width + 1e-6 and a[3] < placed.height + 1e-6
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], "boxes overlap"
    for edge, route in zip(edges, placed.routes, strict=True):
        for box, (x, y) in ((boxes[edge.source], route[0]), (boxes[edge.target], route[-1])):
            assert box[0] - 1e-6 <= x <= box[2] + 1e-6 and min(abs(y - box[1]), abs(y - box[3])) < 1e-6
