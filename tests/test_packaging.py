"""The package: light import, names that resolve, size, types, and the directions between its parts."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import statistics
import zlib
from pathlib import Path

import pytest

import axone
from repository import ROOT

PACKAGE = Path(axone.__file__).parent
HEAVY = (
    "h5py",
    "rich",
    "matplotlib",
    "pandas",
    "PIL",
    "sklearn",
    "scipy",
    "torch",
    "jax",
    "tensorflow",
    "keras",
)

# Rooms of python/axone by height: a room imports from lower ones, and from those beside it in its own row.
PYTHON_ROWS = (
    ("core",),
    ("utils", "tree", "config", "backend", "dtype_policies", "version"),
    ("ops", "random"),
    ("activations", "initializers", "regularizers", "constraints"),
    ("layers", "optimizers", "losses", "metrics", "callbacks", "mixed_precision"),
    ("training",),
    ("models",),
    ("saving", "datasets", "applications", "preprocessing", "visualization", "wrappers"),
    ("cli", "__main__"),
)
HEIGHT = {room: height for height, row in enumerate(PYTHON_ROWS) for room in row}

# Folders of csrc: what each may include, itself and all that these may include among it.
CPP_EDGES = {
    "base": (),
    "simd": ("base",),
    "kernels": ("simd",),
    "cpu": ("kernels",),
    "graph": ("base",),
    "ops": ("graph", "cpu"),
    "runtime": ("ops",),
    "bindings": ("runtime",),
}


def reachable(folder: str) -> set[str]:
    return {folder}.union(*(reachable(f) for f in CPP_EDGES[folder]))


def imported_names(path: Path) -> set[str]:
    """Every axone module that a file imports, wherever in it; what only type checkers see is left out."""
    tree = ast.parse(path.read_text())
    hidden = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for child in ast.walk(statement)
    }
    module = ("axone", *path.relative_to(PACKAGE).with_suffix("").parts)
    package = module[:-1]
    names = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "axone"}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_python_imports_point_downwards() -> None:
    wrong = []
    for path in python_files():
        here = room(".".join(("axone", *path.relative_to(PACKAGE).with_suffix("").parts)))
        if here == "__init__":
            continue
        assert here in HEIGHT, f"{path}: a new room; say in PYTHON_ROWS how high it stands"
        for name in imported_names(path):
            there = room(name)
            if there == "_engine":
                if here not in ("core", "ops"):
                    wrong.append(f"{path.relative_to(PACKAGE)}: only core and ops may import {name}")
            elif there in HEIGHT and HEIGHT[there] > HEIGHT[here]:
                wrong.append(f"{path.relative_to(PACKAGE)}: {here} imports {name}, which stands above it")
    assert not wrong, "\n".join(wrong)


def test_cpp_includes_point_downwards() -> None:
    source = ROOT / "csrc"
    wrong, seen = [], 0
    for path in sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cpp", ".inl")):
        here = path.relative_to(source).parts[0]
        assert here in CPP_EDGES, f"{path}: a new room; say in CPP_EDGES what it may include"
        for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.MULTILINE):
            seen += 1
            there = include.split("/")[0]
            if "/" not in include:
                wrong.append(f'{path.relative_to(source)}: write the folder in #include "{include}"')
            elif there not in reachable(here):
                wrong.append(f"{path.relative_to(source)}: {here} includes {include}")
    assert seen > 50
    assert not wrong, "\n".join(wrong)


def test_kernels_include_no_library() -> None:
    """Kernels are compiled for instruction sets that the machine may lack: an inline function shared with the
    rest of the program could be linked from there. C headers hold declarations and macros only."""
    allowed = {"stddef.h", "stdint.h", "string.h", "immintrin.h", "arm_neon.h", "float.h", "math.h"}
    wrong = []
    for folder in ("kernels", "simd"):
        for path in sorted((ROOT / "csrc" / folder).iterdir()):
            for header in re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.MULTILINE):
                if header not in allowed:
                    wrong.append(f"{folder}/{path.name}: <{header}>")
    assert not wrong, "\n".join(wrong)


def test_openmp_in_one_place() -> None:
    users = {
        str(path.relative_to(ROOT / "csrc"))
        for path in (ROOT / "csrc").rglob("*")
        if path.is_file() and re.search(r"#pragma omp|<omp\.h>", path.read_text())
    }
    assert users == {"cpu/team.cpp"}


def test_intrinsics_in_one_place() -> None:
    pattern = re.compile(r"\b_mm\d*_\w+|\bv(ld|st|add|mul|fma|dup|cvt|max|min)\w*q?_[fsu]\d+\b")
    wrong = [
        str(path.relative_to(ROOT / "csrc"))
        for path in (ROOT / "csrc").rglob("*")
        if path.is_file()
        and path.relative_to(ROOT / "csrc").parts[0] not in ("simd", "cpu")
        and pattern.search(path.read_text())
    ]
    assert not wrong


def test_import_is_light(python) -> None:
    code = (
        "import sys, json, time, numpy\n"
        "begin = time.perf_counter(); import axone; seconds = time.perf_counter() - begin\n"
        "print(json.dumps([seconds, sorted(sys.modules)]))"
    )
    seconds = []
    for _ in range(3):
        done = python("-c", code)
        assert done.returncode == 0, done.stderr
        took, modules = json.loads(done.stdout)
        seconds.append(took)
    assert not {m.split(".")[0] for m in modules} & set(HEAVY)
    # Aim 0.1 s; twice that is allowed for, since tests run on busy machines.
    assert statistics.median(seconds) < 0.2, seconds


def test_import_of_everything_needs_no_optional_package(python) -> None:
    code = (
        "import sys, json, axone\n"
        "for name in axone.__all__: getattr(axone, name)\n"
        "print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert not set(json.loads(done.stdout)) & set(HEAVY)


def public_modules() -> list[str]:
    names = ["axone"]
    for info in pkgutil.walk_packages(axone.__path__, "axone."):
        parts = info.name.split(".")
        if not any(part.startswith("_") for part in parts):
            names.append(info.name)
    return names


@pytest.mark.parametrize("name", public_modules())
def test_public_names_resolve(name: str) -> None:
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", [])
    assert len(set(listed)) == len(listed), "a name stands twice in __all__"
    for each in listed:
        assert getattr(module, each) is not None
        assert each in dir(module)


def test_unknown_names_are_attribute_errors() -> None:
    for module in (axone, axone.layers, axone.utils, axone.ops, axone.models):
        with pytest.raises(AttributeError, match="no_such_name"):
            module.no_such_name  # noqa: B018


def test_version_is_the_same_everywhere() -> None:
    from importlib.metadata import version

    project = (ROOT / "pyproject.toml").read_text()
    wanted = re.search(r'^version = "(.+)"$', project, re.MULTILINE)[1]
    assert axone.__version__ == version("axone") == wanted
    assert re.search(rf"project\(axone VERSION {re.escape(wanted)} ", (ROOT / "CMakeLists.txt").read_text())
    assert f"## {wanted} " in (ROOT / "CHANGELOG.md").read_text()


def test_package_is_small() -> None:
    files = [p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    # The wheel is the package deflated.
    wheel = sum(len(zlib.compress(p.read_bytes())) for p in files)
    assert wheel < 5e6, f"{wheel / 1e6:.1f} MB deflated"


def test_package_is_typed_and_attributes_its_data() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert "Corinna Cortes" in (PACKAGE / "datasets" / "mnist_sample" / "NOTICE.txt").read_text()


def test_files_stay_short() -> None:
    long = []
    for folder in ("csrc", "python", "tests", "benchmarks", "examples", "tools"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".pyi", ".h", ".cpp", ".inl"):
                lines = path.read_text().count("\n")
                if lines > 450:
                    long.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not long, "\n".join(long)


def test_readme_names_files_that_exist() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"
