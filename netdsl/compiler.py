"""The pipeline: text, tree, network, checks. The only door to it; every tool goes through here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netdsl.collection import put_off
from netdsl.elaborate import MOST, Library, Limit, elaborate, variants
from netdsl.elaborate.files import Texts, read, why
from netdsl.ir import Network
from netdsl.passes import PASSES
from netdsl.passes.outside import explain_input
from netdsl.passes.rounding import explain_rounding
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.syntax import parse_dims, tree
from netdsl.syntax.tree import File
from netdsl.text.diagnostics import Report, SpecError
from netdsl.text.source import Source


@dataclass(frozen=True)
class Compilation:
    """What came of a spec: its network as far as it can be known, every message, the variants to choose from, and the
    tree of its file (None where the file cannot be read)."""

    network: Network | None
    report: Report
    variants: tuple[str, ...] = ()
    file: File | None = None

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return not self.report.errors


@put_off()
def compile(
    source: str | os.PathLike[str] | Source,
    *,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    input: Shape | str | int | None = None,
    directory: Path | None = None,
    unsaved: Mapping[Path, str] | None = None,
    texts: Texts | None = None,
    most: Limit = MOST,
    explained: bool = True,
) -> Compilation:
    """Compile a spec: a path, or a `Source` (whose `use` and `extends` look below `directory`, where the texts of
    `unsaved`, by resolved path, stand for those on disk).

    `variant` chooses a column of its table, `params` override its params, `input` the shape of its first input, which
    may be text: `"3x64x64"`. Compilations that are given the same `texts` parse each text once. `most` is how large the
    network may be. Messages that are only counted need not be `explained`. Never raises for what is wrong with the
    spec; that is in `.report`.
    """
    report = Report()
    size = _size(input, report)
    if report.errors:
        return Compilation(None, report)
    library = Library(report, unsaved or {}, texts or Texts())
    if not isinstance(source, Source):
        path = Path(source)
        name = os.fspath(source)
        try:
            source = read(path, name, piped=True)
        except (OSError, ValueError) as problem:
            report.error("E0001", f"'{name}' cannot be read: {why(problem)}")
            return Compilation(None, report)
        directory = path.parent
    file = library.add(source, directory)
    network = elaborate(file, library, report, variant=variant, settings=params, input=size, most=most)
    if network is not None:
        for each in PASSES:
            network = each(network, report)
        if report.errors and network.complete:
            network = network.model_copy(update={"complete": False})
        if explained and report.errors:
            explain_rounding(network, report)
            if size is not None:
                explain_input(network, report)
    if size is not None and report.errors and (other := _other_rank(size, file, report)):
        return Compilation(None, other, variants(file), file)
    return Compilation(network, report, variants(file), file)


def _size(input: Shape | str | int | None, report: Report) -> Shape | None:
    """A shape from outside, as a tuple, as text, or as a number of features."""
    found = parse_dims(str(input)) if isinstance(input, (str, int)) else None if input is None else tuple(input)
    if found is None and input is not None:
        report.error("E0405", f"the input '{input}' is not a shape such as 3x224x224 or 784")
    return found


def _other_rank(size: Shape, file: File, report: Report) -> Report | None:
    """Where an input from outside has another number of sizes than the file's, that is what is wrong, and nothing in
    the file; None where it has as many."""
    declared = next((each.shape for each in file.statements if isinstance(each, tree.Input)), None)
    if not isinstance(declared, tree.Dims) or len(declared.values) == len(size):
        return None
    written = report.sources[declared.span.file].slice(declared.span)
    found = Report(sources=dict(report.sources))
    help = f"as in {written}: channels x height x width" if len(declared.values) == 3 else f"as in {written}"
    message = f"the input {shape_text(size)} has {len(size)} sizes, that of the file {len(declared.values)}"
    found.error("E0405", message.replace("has 1 sizes", "has 1 size"), help=help)
    return found


def _network(compilation: Compilation) -> Network:
    if not compilation.valid or compilation.network is None:
        if not compilation.report.errors:
            compilation.report.error("E0703", "there is no network in this file, only definitions")
        raise SpecError(compilation.report)
    return compilation.network


def load(
    spec: str | os.PathLike[str], *, variant: str | None = None, input: Shape | str | int | None = None, **params: Any
) -> Network:
    """The network of a `.net` file, or of a spec of the zoo by its name (`vgg19`, `vgg:D`).

    `variant` chooses a column of its table, `input` another input shape, `params` are set in the spec. Raises
    `SpecError` with every diagnostic when the spec is wrong.
    """
    from netdsl.zoo import locate

    path, chosen = locate(os.fspath(spec), variant)
    if variant is not None and chosen != variant:
        report = Report()
        report.error("E0701", f"'{os.fspath(spec)}' asks for another variant than `{variant}`")
        raise SpecError(report)
    return _network(compile(path, variant=chosen, params=params, input=input))


def loads(
    text: str,
    *,
    name: str = "<text>",
    variant: str | None = None,
    input: Shape | str | int | None = None,
    **params: Any,
) -> Network:
    """The network of a spec given as text; raises `SpecError` as `load` does. `use` and `extends` are not open to
    it."""
    return _network(compile(Source(name, text), variant=variant, params=params, input=input))
