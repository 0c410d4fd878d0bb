"""From boxes and frames to the picture: what each says and where it came from, and what every edge between them is.

An edge is of the `flow` where its ends stand one behind the other in the text, or at the ends of a branch. One that
goes from a fork straight to its join is an `identity`; what enters and leaves a shortcut with layers on it is a
`projection`; all others are a `reference`: a value that was called by its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from netdsl.backends.pictures import words
from netdsl.backends.pictures.collapse import Folded
from netdsl.backends.pictures.items import Box, Frame, Item, Leaf, leaves
from netdsl.backends.pictures.model import Branch, Edge, Figures, Fork, Kind, Node, Origin, Part, Picture, nodes, parts
from netdsl.backends.pictures.model import Frame as Framed
from netdsl.backends.pictures.problems import Problems
from netdsl.ops import Family
from netdsl.passes.costs import costs
from netdsl.passes.receptive import receptive_fields
from netdsl.text.amounts import amount
from netdsl.text.diagnostics import Diagnostic
from netdsl.text.source import Span

_WORD = re.compile(r"[a-z_]\w*[^\w]|\bchannels\b")
"""A default that is worked out has names with something behind them."""


def picture(folded: Folded, problems: Iterable[Diagnostic] = ()) -> Picture:
    """The picture of boxes and frames. `problems` are mistakes of the spec, each shown where it stands."""
    return _Reader(folded, problems).picture()


class _Reader:
    def __init__(self, folded: Folded, problems: Iterable[Diagnostic]):
        self.folded = folded
        self.network = folded.network
        self.problems = Problems(problems)
        self.leaves: dict[int, Leaf] = {}
        for leaf in leaves(folded.items):
            if isinstance(leaf, Box) and leaf.passes:
                folded.stands[leaf.exit] = leaf.entries[0]
            else:
                self.leaves.update(dict.fromkeys(range(leaf.start, leaf.end), leaf))
        self.fields = receptive_fields(self.network)
        self.params, self.macs = [0], [0]
        for cost in costs(self.network):
            self.params.append(self.params[-1] + cost.params)
            self.macs.append(self.macs[-1] + cost.macs)
        self.frames = 0

    def picture(self) -> Picture:
        network = self.network
        ends = [Node(f"v{number}", "input", each.name, figures=Figures(shape=each.shape), out=words.shape(each.shape),
                     origin=self.origin("", each.span)) for number, each in enumerate(network.inputs)]  # fmt: skip
        outputs = self.outputs()
        body = (*reversed(ends), *self.ended(self.body(self.folded.items), outputs))
        name = network.name if network.variant is None else f"{network.name}:{network.variant}"
        return Picture(words.clean(name), self.description(), body, self.edges(body))

    def description(self) -> str:
        network = self.network
        given = ", ".join(words.shape(each.shape) for each in network.inputs)
        text = f"{given} to {words.shape(network.output)}"
        if network.totals is None:
            return f"{text}; not complete"
        totals = network.totals
        figures = f"{amount(totals.params)} params, {amount(totals.macs)} multiply-adds, depth {totals.depth}"
        return f"{text}; {figures}"

    # Parts -----------------------------------------------------------------------------------------------------------

    def body(self, items: list[Item]) -> tuple[Part, ...]:
        found: list[Part] = []
        for item in items:
            if isinstance(item, Box) or item.closed:
                if not (isinstance(item, Box) and item.passes):
                    found.append(self.node(item))
            elif item.kind == "fork":
                found.extend(self.fork(item))
            elif parts := self.body(item.children):
                found.append(self.frame(item, parts))
        return tuple(found)

    def fork(self, frame: Frame) -> list[Part]:
        """The branches and their join, and what is behind it; one branch alone is what it is made of."""
        ways = [each for each in frame.children if isinstance(each, Frame) and each.kind in ("branch", "shortcut")]
        rest = self.body(frame.children[len(ways) :])
        branches = []
        for way in ways:
            if parts := self.body(way.children):
                kind: Literal["branch", "shortcut"] = "shortcut" if way.kind == "shortcut" else "branch"
                if way.label:
                    parts = (self.frame(way, parts),) if len(parts) > 1 else parts
                elif way.times > 1:
                    parts = (self.frame(way, parts),)
                branches.append(Branch(parts, kind, way.times))
        if not rest or not isinstance(rest[0], Node):
            return [part for branch in branches for part in branch.parts] + list(rest)
        made: list[Part] = [Fork(tuple(branches), rest[0]), *rest[1:]]
        if frame.times > 1:
            made = [self.frame(frame, tuple(made))]
        return made

    def frame(self, item: Frame, parts: tuple[Part, ...]) -> Framed:
        self.frames += 1
        last = item.last or item
        details: tuple[str, ...] = ()
        if item.kind == "aux":
            details = ("training only",)
            value = next((each for each in self.network.aux if each.value == item.exit), None)
            if value is not None:
                note = "" if value.weight is None else f"loss × {value.weight:g}"
                parts = (*parts, Node(f"a{self.frames}", "output", value.name, note=note, origin=self.source(item)))
        elif item.kind == "reuse":
            details = (f"{item.title} again",)
        elif item.kind == "block":
            details = (item.title, *self.given_arguments(item, last))
        label = words.between(item.label or "", last.label)
        title = words.clean(label) if label else ""
        return Framed(f"f{self.frames}", item.kind, title, details, parts, item.times, self.source(item))

    def node(self, leaf: Leaf) -> Node:
        last = leaf.last or leaf
        title, details = self.said(leaf)
        problem = self.problem(leaf)
        if problem and isinstance(leaf, Box) and leaf.main.op.transparent:  # it stands for what is not known
            title = "?"
        times = leaf.times
        upto = max(leaf.upto, leaf.end)
        params = self.sum(self.params, leaf.start, upto)
        final = params if times > 1 else self.sum(self.params, last.start, last.end)
        first, other = leaf.entries[:1], last.exit
        shapes = self.network.shapes
        field = self.fields[leaf.exit]
        figures = Figures(
            shapes[first[0]] if first else None, shapes[leaf.exit], shapes[other], params,
            self.sum(self.macs, leaf.start, upto), None if field is None or field.whole else field.pixels,
        )  # fmt: skip
        label = words.between(leaf.label or "", last.label)
        box = leaf if isinstance(leaf, Box) else None
        join = box is not None and box.main.op.family is Family.JOIN
        return Node(
            f"v{leaf.start}",
            "join" if join else "layer" if box else "block",
            words.clean(title),
            box.main.op.family if box else None,
            tuple(map(words.clean, details)),
            words.clean(label) if label else "",
            words.counted(params, final) if params else "",
            self.out(leaf, figures),
            box.main.op if box else None,
            times,
            figures,
            self.source(leaf),
            problem,
            tuple(box.main.terms.items()) if box else (),
        )

    def said(self, leaf: Leaf) -> tuple[str, tuple[str, ...]]:
        """The title and the details of a box or a closed frame."""
        if isinstance(leaf, Frame):
            last = leaf.last if isinstance(leaf.last, Frame) else leaf
            if leaf.kind == "block":
                return leaf.title, self.given_arguments(leaf, last)
            if leaf.kind == "reuse":
                return f"{leaf.title} again", ()
            if leaf.kind == "bracket":
                return self.bracket(leaf), ()
            return leaf.label or leaf.title or leaf.kind, ()
        copy = leaf.last or leaf
        head, given = words.caption(leaf.main.op)
        other, theirs = words.caption(copy.main.op)
        if len(given) == len(theirs):
            given = tuple(words.between(*pair) for pair in zip(given, theirs, strict=True))
        around = [words.between(_named(one), _named(two)) for one, two in zip(leaf.after, copy.after, strict=False)]
        return words.between(head, other), (*given, *around)

    def given_arguments(self, frame: Frame, last: Frame) -> tuple[str, ...]:
        """The arguments of a block, without those that it works out of others by itself."""
        definition = self.network.definitions.get(frame.scope.definition or "")
        derived = {
            name
            for name, default in (definition.parameters.items() if definition else ())
            if default is not None and _WORD.search(default) and default not in ("true", "false", "none")
        }
        kept = [
            {name: value for name, value in each.arguments.items() if name not in derived} for each in (frame, last)
        ]
        return words.arguments(*kept)

    def bracket(self, frame: Frame) -> str:
        """A bracket block by its rows: `[conv1-64; conv3-64; conv1-256]`."""
        beside = {node.id for each in frame.scope.scopes() if each.kind == "shortcut" for node in each.nodes()}
        rows = [node.op for node in frame.scope.nodes() if node.id not in beside and node.op.weight_layer]
        return "[" + "; ".join(words.caption(op)[0] for op in rows) + "]"

    def out(self, leaf: Leaf, figures: Figures) -> str:
        """The shape behind a box, where it differs from the one before it."""
        join = isinstance(leaf, Box) and not leaf.main.op.symbol and len(leaf.entries) > 1
        if figures.shape is not None and figures.takes == figures.shape and not join:
            return ""
        return words.shape(figures.shape, figures.last)

    def sum(self, sums: list[int], start: int, end: int) -> int:
        """The sum over the nodes whose values are `[start, end)`."""
        inputs = len(self.network.inputs)
        return sums[end - inputs] - sums[start - inputs]

    # Where it came from ----------------------------------------------------------------------------------------------

    def origin(self, path: str, span: Span | None) -> Origin:
        if span is None:
            return Origin(path)
        return Origin(path, span.file, self.network.line(span))

    def source(self, item: Item) -> Origin:
        return self.origin(item.main.path if isinstance(item, Box) else item.scope.path, item.span)

    def problem(self, leaf: Leaf) -> str | None:
        """The first mistake inside a box that no box has told yet; or that its shape is the first that is unknown."""
        nodes = leaf.nodes if isinstance(leaf, Box) else leaf.scope.nodes()
        told = self.problems.take(node.span for node in nodes)
        if told is not None:
            return told
        shapes = self.network.shapes
        if shapes[leaf.exit] is None and all(shapes[value] is not None for value in leaf.entries):
            return "shape unknown"
        return None

    # Edges -----------------------------------------------------------------------------------------------------------

    def outputs(self) -> tuple[Node, ...]:
        """The outputs: the result, and what was given out by name."""
        network = self.network
        self.given = {"o0": network.result}
        found = []
        for number, each in enumerate(network.outputs, 1):
            if each.value != network.result:
                self.given[f"o{number}"] = each.value
                found.append(Node(f"o{number}", "output", each.name, origin=self.origin("", each.span)))
        name = next((each.name for each in network.outputs if each.value == network.result), "output")
        return (Node("o0", "output", name, figures=Figures(shape=network.output)), *found)

    def ended(self, body: tuple[Part, ...], outputs: tuple[Node, ...]) -> list[Part]:
        """The body with its outputs: each behind the box that is there for it alone, the others at the end."""
        taken = Counter(self.place(value) for leaf in dict.fromkeys(self.leaves.values()) for value in leaf.entries)
        taken.update(self.place(value) for value in self.given.values())
        alone = {place: out for out in outputs if taken[place := self.place(self.given[out.id])] == 1}
        found: list[Part] = []
        for part in body:
            found.append(part)
            out = alone.get((part.join if isinstance(part, Fork) else part).id)
            if out is not None:
                found.append(out)
        return [*found, *(out for out in outputs if out not in found)]

    def place(self, value: int) -> str:
        """The node that gives a value."""
        value = self.folded.resolve(value)
        leaf = self.leaves.get(value)
        return f"v{value if leaf is None else leaf.start}"

    def edges(self, body: tuple[Part, ...]) -> tuple[Edge, ...]:
        kinds: Kinds = {}
        walk(body, set(), "flow", kinds)
        pairs: list[tuple[str, str]] = []
        for leaf in dict.fromkeys(self.leaves.values()):
            pairs += [(self.place(value), f"v{leaf.start}") for value in leaf.entries]
        for frame in _frames(body):
            if frame.kind == "aux":
                end = frame.parts[-1]
                heads = [each for each in self.network.aux if isinstance(end, Node) and each.name == end.title]
                pairs += [(self.place(each.value), end.id) for each in heads if isinstance(end, Node)]
        pairs += [(self.place(value), end) for end, value in self.given.items()]
        found = (pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1])
        return tuple(Edge(*pair, *kinds.get(pair, ("reference",))) for pair in found)


def _frames(body: tuple[Part, ...]) -> list[Framed]:
    return [part for part in parts(body) if isinstance(part, Framed)]


def _named(node: object) -> str:
    head, given = words.caption(node.op)  # type: ignore[attr-defined]
    return f"{head}({', '.join(given)})" if given else head


Kinds = dict[tuple[str, str], tuple[Kind] | tuple[Kind, str]]


def walk(body: tuple[Part, ...], before: set[str], kind: Kind, kinds: Kinds) -> set[str]:
    """Note what every edge of the text would be; the nodes that the text goes on from."""
    for part in body:
        if isinstance(part, Node):
            kinds.update({(source, part.id): (kind,) for source in before})
            if part.kind != "output":
                before = {part.id}
        elif isinstance(part, Framed):
            if part.times > 1:  # what enters a copy and is called there by its name starts in every copy
                kinds.update(
                    {(source, node.id): ("identity", part.id) for source in before for node in nodes(part.parts)}
                )
            after = walk(part.parts, before, kind, kinds)
            before = before if part.kind == "aux" else after
        else:
            ends: Kinds = {(source, part.join.id): ("identity",) for source in before}
            for branch in part.branches:
                inner: Kind = "projection" if branch.kind == "shortcut" else kind
                for source in walk(branch.parts, before, inner, kinds):
                    ends[source, part.join.id] = (inner,)
            kinds.update(ends)
            before = {part.join.id}
    return before
