"""The pages "coming from PyTorch", Keras, Caffe and Darknet, from the data by which messages understand those names."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl import ops
from netdsl.foreign import ARGUMENTS, BY_FRAMEWORK, JOINS, NEEDLESS, PHRASES, call, layer
from netdsl.foreign.calls import DEFAULTS
from netdsl.foreign.frameworks import FRAMEWORKS, Framework
from netdsl.ops.shared.reference import geometry
from netdsl.tools.site.page import Page, beside, fence, plain, table

LEFT_OUT = "leave it out: it changes nothing that is computed"


def framework_pages() -> Iterator[Page]:
    """A page for each framework."""
    for name, framework in FRAMEWORKS.items():
        yield Page(f"from/{name.lower()}.md", name, _page(name, framework))


def network(name: str) -> str:
    """The small network of a framework, as a spec."""
    framework = FRAMEWORKS[name]
    layers = framework.spec or "".join(f"{call(line)}\n" for line in framework.lines)
    return f"net from_{name.lower()}\ninput {framework.input}\n{layers}"


def written(spelling: str) -> str:
    """What a layer or join of another framework is here, as Markdown; empty where nothing is known of it."""
    name = spelling.rpartition(".")[2].lower()
    short = PHRASES.get(name, name)
    own, found = ops.resolve(short), layer(spelling)
    join = JOINS.get(name) or (name if name in JOINS.values() else None)
    if join is not None:
        return f"`{join} {{ @a | @b }}`"
    if own is None and found is not None:
        said = plain(found.words)
        return f"{plain(found.written)}{': ' * bool(found.written and said)}{said}"
    own = own or next(filter(None, map(ops.resolve, _without_rank(name))), None)
    return f"[`{geometry(ops.find(own[0]))}`](../operators/{own[0]}.md)" if own else ""


def _without_rank(name: str) -> Iterator[str]:
    for rank in ("1d", "2d", "3d"):
        if name.endswith(rank):
            yield name.removesuffix(rank)


def arguments(name: str) -> dict[str, str]:
    """The arguments of a framework's layers, each with what it is here, as Markdown."""
    found: dict[str, set[str]] = {each: set(ARGUMENTS.get(each, (each,))) for each in FRAMEWORKS[name].arguments}
    for known in BY_FRAMEWORK.get(name, {}).values():
        for each, field in known.parameters.items():
            found.setdefault(each, set()).add(field)
    return {each: _argument(each, fields) for each, fields in sorted(found.items())}


def _argument(name: str, fields: set[str]) -> str:
    if name in NEEDLESS:
        return plain(NEEDLESS[name])
    if name in DEFAULTS:
        return "only its default can be said here"
    return " or ".join(f"`{each}=`" for each in sorted(fields) if each) or LEFT_OUT


def _page(name: str, framework: Framework) -> str:
    calls = not framework.spec
    lines = [f"{each}," for each in framework.lines] if calls else framework.lines
    parts = [f"# Coming from {name}", "The same network, there and here:"]
    parts += [beside(fence(framework.language, "\n".join(lines)), fence("net", network(name)))]
    parts += ["\n".join(f"- {each}" for each in framework.remarks)]
    parts += ["## Layers", table((name, "netdsl"), [(f"`{each}`", written(each)) for each in framework.layers])]
    parts += ["## Arguments", table((name, "netdsl"), [(f"`{key}`", said) for key, said in arguments(name).items()])]
    words = "Whoever writes one of these names in a spec is told what it is here, by `netdsl check` and in the editor."
    return "\n\n".join([*parts, words]) + "\n"
