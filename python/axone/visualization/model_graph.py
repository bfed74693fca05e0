"""`plot_model` and `model_to_dot`: pictures of models, drawn without Graphviz."""

from __future__ import annotations

import os
from typing import Any

from axone.visualization.network.cards import Network, Shown, network_of
from axone.visualization.network.dot import to_dot
from axone.visualization.network.drawing import RANKDIRS, SPLINES, draw
from axone.visualization.network.formats import to_image, to_svg

__all__ = ["ModelGraph", "model_to_dot", "plot_model"]


class ModelGraph:
    """A drawn model; what `model_to_dot` and `plot_model` return. Notebooks show it as a picture.

    It answers to what scripts ask of pydot's graphs: `to_string`, `create`, `write`, `write_png`, ...

    Args:
        network: what is drawn.
        rankdir, splines, dpi, subgraph: see `model_to_dot`.
    """

    def __init__(self, network: Network, rankdir: str, splines: str, dpi: float, subgraph: bool) -> None:
        self._network = network
        self._rankdir, self._splines, self._dpi, self._subgraph = rankdir, splines, dpi, subgraph

    @property
    def source(self) -> str:
        """The graph in Graphviz's language, DOT."""
        return to_dot(self._network, self._rankdir, self._splines, self._dpi, self._subgraph)

    def to_string(self) -> str:
        """Return the graph in Graphviz's language; pydot's name of `source`."""
        return self.source

    def create(self, prog: Any = None, format: str = "svg") -> bytes:
        """Return the picture.

        Args:
            prog: ignored; Graphviz is not used.
            format: "svg", "dot", or a format of matplotlib: "png", "pdf", ...

        Raises:
            ImportError: matplotlib is needed and not installed.
            ValueError: the format is unknown.
        """
        del prog
        if format in ("dot", "gv", "raw"):
            return self.source.encode()
        scene = draw(self._network, self._rankdir, self._splines)
        return to_svg(scene).encode() if format == "svg" else to_image(scene, format, self._dpi)

    def write(self, path: Any, prog: Any = None, format: str | None = None) -> None:
        """Write the picture to a file; without `format` its name's ending says which it is."""
        data = self.create(prog, format or os.path.splitext(os.fspath(path))[1][1:].lower() or "png")
        with open(path, "wb") as file:
            file.write(data)

    def write_svg(self, path: Any) -> None:
        """Write the picture as SVG."""
        self.write(path, format="svg")

    def write_png(self, path: Any) -> None:
        """Write the picture as PNG; needs matplotlib."""
        self.write(path, format="png")

    def write_pdf(self, path: Any) -> None:
        """Write the picture as PDF; needs matplotlib."""
        self.write(path, format="pdf")

    def _repr_svg_(self) -> str:
        return self.create().decode()

    def __repr__(self) -> str:
        return f"<ModelGraph of '{self._network.name}'>"


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> ModelGraph:
    """Return a picture of a model that can be shown in a notebook, written, or given to Graphviz as text.

    Args:
        model: a built model. One that is a subclass with its own `call` is drawn as a single box.
        show_shapes: show the shapes of inputs and outputs.
        show_dtype: show the dtype of the outputs.
        show_layer_names: show the layers' names.
        rankdir: direction: "TB" downwards, "LR" to the right, "BT" or "RL".
        expand_nested: show the layers of models inside.
        dpi: pixels per inch of PNG files.
        subgraph: make `source` a cluster that can stand in another DOT graph.
        show_layer_activations: show activation functions.
        show_trainable: show which layers are trained.
        splines: links with right angles ("ortho"), "curved" or straight ("line").

    Returns:
        The picture: `.source` is DOT text, `.create(format="svg")` and `.write(path)` draw it.

    Raises:
        ValueError: the model is not built, or an argument is unknown.

    Example:
        >>> print(axone.utils.model_to_dot(model).source)
    """
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("model_to_dot: layer_range is not supported any more; draw a model of those layers.")
    if kwargs:
        raise ValueError(f"model_to_dot: unknown argument(s) {sorted(kwargs)}.")
    if rankdir not in RANKDIRS:
        raise ValueError(f"model_to_dot: rankdir must be one of {RANKDIRS}, got {rankdir!r}.")
    if splines not in SPLINES:
        raise ValueError(f"model_to_dot: splines must be one of {SPLINES}, got {splines!r}.")
    if not isinstance(dpi, (int, float)) or not 0 < dpi < 10000:
        raise ValueError(f"model_to_dot: dpi must be a positive number, got {dpi!r}.")
    if not getattr(model, "built", False):
        raise ValueError(
            f"{getattr(model, 'name', model)!r} is not built yet, so that its layers are not known: "
            f"call build(input_shape), call the model on data, or start it with an Input."
        )
    shown = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    return ModelGraph(network_of(model, shown, expand_nested), rankdir, splines, dpi, subgraph)


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> ModelGraph:
    """Draw a model into a file; Graphviz is not needed.

    Args:
        model: a built model.
        to_file: name of the file. ".svg" and ".dot" need nothing else; ".png" (or no ending), ".pdf"
            and others need matplotlib; None writes no file.
        show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations,
            show_trainable, splines: see `model_to_dot`.

    Returns:
        The picture, which notebooks show.

    Raises:
        ValueError: the model is not built, an argument is unknown, or the file's ending is.
        ImportError: matplotlib is needed and not installed.

    Example:
        >>> axone.utils.plot_model(model, "model.svg", show_shapes=True)
    """
    graph = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    if to_file is not None:
        graph.write(to_file)
    return graph
