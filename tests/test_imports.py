"""The picture of docs/architecture.md, held: imports point one way, every library has one home, and torch stays out."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

import netdsl
from netdsl.text.codes import CODES

PACKAGE = Path(netdsl.__file__).parent
SPECS = PACKAGE.parent / "specs"

# Stages in order; those in one line are blind to each other. A stage sees itself and all lines above its own. In
# `analysis` the folders are parts that are blind to each other, and the modules beside them are below all parts: every
# part may import them, and they import none. Imports inside functions and under TYPE_CHECKING count, and there are no
# exceptions.
STAGES = [
    {"collection", "registry", "text", "shapes", "foreign", "zoo"},
    {"syntax", "ops"},
    {"integrity"},
    {"ir"},
    {"recipe"},
    {"elaborate", "passes"},
    {"backends"},
    {"compiler"},
    {"analysis", "training"},
    {"testing"},
    {"tools"},
    {"__main__"},
]
LEVEL = {stage: level for level, stages in enumerate(STAGES) for stage in stages}

# Where a library may be imported: the beginnings of module names.
HOMES = {
    "lark": ("netdsl.syntax",),
    "graphviz": ("netdsl.backends.pictures.renderers",),
    "resvg_py": ("netdsl.backends.pictures.renderers",),
    "svg2pdf_py": ("netdsl.backends.pictures.renderers",),
    "torch": ("netdsl.backends.torch", "netdsl.backends.purpose", "netdsl.training", "netdsl.testing"),
    "hypothesis": ("netdsl.testing",),
    "pytest": ("netdsl.testing.plugin", "netdsl.tools.cli.test"),
    "torchvision": ("netdsl.training", "netdsl.backends.torch.against"),
    "timm": ("netdsl.backends.torch.against",),
    "lightning": ("netdsl.training", "netdsl.tools.cli"),
    "torchmetrics": ("netdsl.training",),
    "matplotlib": ("netdsl.training", "netdsl.analysis.charts"),
    "numpy": ("netdsl.training",),
    "PIL": ("netdsl.training",),
    "datasets": ("netdsl.training",),
    "webdataset": ("netdsl.training",),
    "tensorboard": ("netdsl.training",),
    "safetensors": ("netdsl.backends.torch", "netdsl.training"),
    "click": ("netdsl.tools.cli",),
    "pydantic": ("netdsl.ops", "netdsl.ir", "netdsl.recipe", "netdsl.elaborate", "netdsl.testing"),
    "pydantic_core": ("netdsl.ir", "netdsl.backends.table"),
    "typing_extensions": ("netdsl.ir",),
    "rich": ("netdsl.tools.terminal", "netdsl.tools.playground", "netdsl.tools.render.paint"),
    "pygments": ("netdsl.tools.highlight",),
    "IPython": ("netdsl.tools.notebooks",),
    "pygls": ("netdsl.tools.lsp",),
    "lsprotocol": ("netdsl.tools.lsp",),
    "watchfiles": ("netdsl.tools.watch",),
    "starlette": ("netdsl.tools.studio",),
    "uvicorn": ("netdsl.tools.studio",),
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


def imports(path: Path, module: str) -> Iterator[str]:
    """All that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else str(node.module)


def stage(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def part(module: str) -> str:
    """The folder of `analysis` that a module is in; empty for all others, among them the modules right in `analysis`."""
    home, folder = (*module.split("."), "", "")[1:3]
    return folder if home == "analysis" and (PACKAGE / home / folder).is_dir() else ""


@pytest.mark.parametrize("module", [name for name in MODULES if name != "netdsl"])
def test_imports_point_one_way(module: str) -> None:
    own = stage(module)
    for imported in imports(MODULES[module], module):
        if not imported.startswith("netdsl."):
            continue
        if stage(imported) == own:
            assert part(imported) in ("", part(module)), f"{module} imports {imported}"
        else:
            assert LEVEL[stage(imported)] < LEVEL[own], f"{module} imports {imported}"


def test_there_are_no_circles() -> None:
    graph = {
        module: {each for each in imports(path, module) if each in MODULES and each not in ("netdsl", module)}
        for module, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", list(MODULES))
def test_every_library_has_one_home(module: str) -> None:
    for imported in imports(MODULES[module], module):
        top = imported.partition(".")[0]
        if top == "netdsl" or top in sys.stdlib_module_names:
            continue
        assert top in HOMES, f"{module} imports {imported}, which has no home yet"
        assert module.startswith(HOMES[top]), f"{module} imports {imported}, whose home is {' or '.join(HOMES[top])}"


def test_every_home_exists() -> None:
    for library, homes in HOMES.items():
        for home in homes:
            below = [name for name in MODULES if name.startswith(home)]
            used = {each.partition(".")[0] for name in below for each in imports(MODULES[name], name)}
            assert library in used, f"nothing in {home} imports {library}"


def test_only_the_api_is_in_the_package_itself() -> None:
    code = "import sys, netdsl; print(*sorted(name for name in sys.modules if name.startswith('netdsl')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split() == ["netdsl"]


def test_codes_are_registered() -> None:
    used: set[str] = set()
    for name, path in MODULES.items():
        if name != "netdsl.text.codes":
            used |= set(re.findall(r"""["']([EW]\d{4})["']""", path.read_text("utf-8")))
    assert used == set(CODES)


HEAVY = ("torch", "numpy", "rich", "matplotlib")


def loaded(arguments: list[str], directory: Path) -> set[str]:
    """The top-level modules that a run of the command line has loaded in the end."""
    code = (
        "import sys\n"
        "from netdsl.tools.cli import main\n"
        "status = main(sys.argv[1:])\n"
        "assert status == 0, status\n"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=directory, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--format", "json"],
        ["fmt", "--check"],
        ["summary"],
        ["summary", "--json"],
        ["draw", "-o", "net.dot"],
        ["compile", "--to", "json", "-o", "-"],
        pytest.param(
            ["compile", "--to", "torch", "-o", "-"],
            marks=pytest.mark.skipif(
                find_spec("netdsl.backends.torch") is None or find_spec("netdsl.backends.torch").origin is None,
                reason="no torch backend yet",
            ),
        ),
    ],
    ids=" ".join,
)
def test_reading_a_spec_needs_no_torch(command: list[str], tmp_path: Path) -> None:
    found = loaded([*command, str(SPECS / "vgg19.net")], tmp_path)
    assert not found & set(HEAVY)


def test_the_version_is_shown_without_the_compiler(tmp_path: Path) -> None:
    assert not loaded(["--version"], tmp_path) & {"lark", "pydantic", *HEAVY}


def test_a_check_loads_the_operators_that_the_spec_has(tmp_path: Path) -> None:
    """Names of blocks are looked up among the aliases of all operators, which needs none of them."""
    (tmp_path / "net.net").write_text("input 3x8x8\nblock pair(f) { conv3-8(norm=bn); f }\npair(relu)\npair(tanh)\n")
    code = (
        "import sys, netdsl; from netdsl.compiler import compile\nassert compile('net.net').valid\n"
        "print(*sorted(name for name in sys.modules if name.startswith('netdsl.ops.') and '.shared' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.stdout.split() == [f"netdsl.ops.{name}" for name in ("bn", "conv", "relu", "tanh")], done.stderr
