"""Mutation testing of the operators and passes: a mutant is a copy of netdsl with one small mistake in it, and the laws
that are about its file must fail. One that survives is a law that lacks, or a change that changes nothing.

    python tests/fuzz/mutants.py --minutes 10 [--seed N] [--only ops/conv.py]

mutmut and cosmic-ray are not used: they try each mutant with one command, which would be the whole suite of minutes, and
do not know that the laws of an operator carry its name.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240
"""A mutant for which the laws take longer is found: it does not end."""
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OTHER = ("test_figures.py", "test_passes.py", "test_networks_contract.py")


class Mutant(NamedTuple):
    """One change of one file: its line, and the whole text with it."""

    file: str
    line: int
    change: str
    text: str


def count(path: Path) -> int:
    """How many mutants a file has."""
    return sum(1 for _ in _places(ast.parse(path.read_text("utf-8"))))


def mutant(path: Path, number: int) -> Mutant:
    """One mutant of a file: an operator or a comparison exchanged for its neighbour, a whole number one larger, a truth
    turned. Text, annotations and bounds of fields are left alone."""
    tree = ast.parse(path.read_text("utf-8"))
    node, index = list(_places(tree))[number]
    before = ast.unparse(node)
    _change(node, index)
    name = str(path.relative_to(ROOT / "netdsl"))
    return Mutant(name, node.lineno, f"{before} -> {ast.unparse(node)}", ast.unparse(tree))


def _places(tree: ast.AST) -> Iterator[tuple[ast.expr, int]]:
    for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
        for node in (each for statement in function.body for each in ast.walk(statement)):
            if isinstance(node, ast.Compare):
                yield from ((node, at) for at, each in enumerate(node.ops) if type(each) in SWAPPED)
            elif (
                (isinstance(node, ast.BinOp) and type(node.op) in SWAPPED and not _is_text(node))
                or isinstance(node, ast.BoolOp)
                or (isinstance(node, ast.Constant) and type(node.value) in (int, bool))
            ):
                yield node, 0


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(each, ast.JoinedStr) or type(getattr(each, "value", None)) is str for each in ast.walk(node))


def _change(node: ast.expr, index: int) -> None:
    if isinstance(node, ast.Compare):
        node.ops[index] = SWAPPED[type(node.ops[index])]()  # type: ignore[call-overload]
    elif isinstance(node, (ast.BinOp, ast.BoolOp)):
        node.op = SWAPPED[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.Constant):
        node.value = not node.value if node.value is True or node.value is False else node.value + 1  # type: ignore[operator]


def laws(file: str) -> list[str]:
    """The tests that are about a file, as arguments of pytest."""
    stem = Path(file).stem
    if file.startswith("ops/") and "/shared/" not in file:
        return ["tests/test_ops_contract.py", "tests/test_ops_values.py", "tests/test_ops_added.py", "-k", stem]
    module = "netdsl." + file.removesuffix(".py").replace("/", ".")
    package = module.rpartition(".")[0]
    names = (module, f"from {package} import") if package.count(".") > 1 else (module,)
    about = [path for path in sorted((ROOT / "tests").glob("test_*.py")) if _mentions(path, names)]
    return [str(path.relative_to(ROOT)) for path in about] or [f"tests/{name}" for name in OTHER]


def _mentions(path: Path, names: tuple[str, ...]) -> bool:
    text = path.read_text("utf-8")
    return any(name in text for name in names)


def survives(mutant: Mutant, folder: Path) -> bool:
    """Whether no law fails for a mutant, which is put into a copy of the package."""
    path = folder / "netdsl" / mutant.file
    kept = path.read_bytes()
    path.write_text(mutant.text, "utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *laws(mutant.file)]
        environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=SECONDS)
        return done.returncode in (0, 5)  # 5: no law is about it
    except subprocess.TimeoutExpired:
        return False
    finally:
        path.write_bytes(kept)


def main() -> int:
    """The command; its status is 1 where a mutant survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--only", action="append", default=[], metavar="FILE", help="As ops/conv.py.")
    asked = parser.parse_args()
    files = [ROOT / "netdsl" / each for each in asked.only] or [
        path for part in ("ops", "passes") for path in sorted((ROOT / "netdsl" / part).rglob("*.py"))
    ]
    drawn, end = random.Random(asked.seed), time.monotonic() + asked.minutes * 60
    every = [(path, number) for path in files for number in range(count(path))]
    drawn.shuffle(every)
    print(f"seed {asked.seed}, {len(every):,} mutants of {len(files)} files", flush=True)
    tried, left = 0, 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("netdsl", "tests", "specs", "docs", "pyproject.toml"):
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
        for path, number in every:
            if time.monotonic() > end:
                break
            tried += 1
            each = mutant(path, number)
            if survives(each, folder):
                left += 1
                print(f"survives: {each.file}, line {each.line}: {each.change}", flush=True)
    print(f"{tried} mutants tried, {left} survive")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
