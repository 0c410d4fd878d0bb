"""Names of modules: the attribute each module has in the one that holds it, and so the keys of the `state_dict`.

The rules are those of the language reference ("Names of modules"):

1. a label is an attribute of the nearest enclosing module;
2. what has no label is numbered by its place, as `nn.Sequential` numbers; what has one takes a place too;
3. a labelled operator with a norm is a unit (`c1.conv`, `c1.bn`);
4. branches are `branch1`, ..., or their label; a join adds no level where it is the whole body of a block or where all
its weights are labelled, and neither does a branch whose weights are all labelled; 5. `label: item xN` is `label.0`
... `label.N-1`; 6. names that a construct fixes itself (`conv1`, `bn1`, `downsample`) are kept.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field

from netdsl.elaborate.draft import Draft, DraftNode, DraftScope
from netdsl.text.diagnostics import Related, Report
from netdsl.text.source import Span

_TAKEN = """
T_destination add_module append apply bfloat16 buffers call_super_init children clear compile copy cpu cuda double
dump_patches eval extend extra_repr float forward fromkeys get get_buffer get_extra_state get_parameter get_submodule
half insert ipu items keys load_state_dict modules mtia named_buffers named_children named_modules named_parameters
parameters pop popitem register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule setdefault share_memory state_dict to
to_empty train training type update values xpu zero_grad
"""
TAKEN = frozenset(_TAKEN.split())
"""Attributes of `nn.Module` and its containers, which no module inside one may be called."""


def attribute(label: str) -> str:
    """A label as an attribute that a module can have: `class` and `forward` get an underscore behind."""
    dunder = label.startswith("_")
    return label + "_" if keyword.iskeyword(label) or label in TAKEN or dunder else label


@dataclass
class _Level:
    """The names inside one module: what is taken, and the next place."""

    path: str
    names: dict[str, Span | None] = field(default_factory=dict)
    places: int = 0
    again: dict[str, int] = field(default_factory=dict)

    def place(self) -> str:
        self.places += 1
        return str(self.places - 1)

    def join(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


class _Naming:
    """Names what is inside a module, statement by statement; a scope has a method for its kind."""

    def __init__(self, report: Report):
        self.report = report
        self.shared: list[DraftNode] = []

    def take(self, level: _Level, item: Draft, name: str) -> None:
        """Give `item` its name in `level`."""
        span = item.label.span if item.label else None
        if name in level.names:
            first = level.names[name]
            if span is not None and first is not None and item.label is not None:
                index = "in a repetition, give it the index: `name{i}: ... x3 as i`; or label the whole repetition"
                self.report.error(
                    "E0202",
                    f"the label `{item.label.text}` is given twice in one module",
                    span,
                    related=[Related(first, "first given here")],
                    help=index if first == span else "choose another label",
                )
            base, number = name, level.again.get(name, 2)
            while f"{base}{number}" in level.names:
                number += 1
            name, level.again[base] = f"{base}{number}", number + 1
        level.names[name] = span
        item.name, item.path = name, level.join(name)

    def body(self, children: list[Draft], level: _Level) -> None:
        for child in children:
            self.statement(child, level)

    def statement(self, item: Draft, level: _Level, fixed: str | None = None) -> None:
        """Name one statement's node or scope in `level`; `fixed` is a name that stands in for its label."""
        name = fixed or (attribute(item.label.text) if item.label else None)
        if isinstance(item, DraftScope):
            getattr(self, "_" + item.kind)(item, level, name)
        elif item.shares is None:
            place = level.place()
            own = item.op.name if item.op.own_name else place
            self.take(level, item, fixed or item.given or name or own)

    def inside(self, scope: DraftScope, level: _Level, name: str) -> _Level:
        """Make `scope` a module of its own, called `name`; gives the level inside it."""
        self.take(level, scope, name)
        return _Level(scope.path)

    def _group(self, scope: DraftScope, level: _Level, label: str | None) -> None:
        if label:
            level.place()
            level = self.inside(scope, level, label)
        self.body(scope.children, level)

    _unit = _group

    def _aux(self, scope: DraftScope, level: _Level, label: str) -> None:
        """A head that is one block is that block, as `label: block()` is."""
        only = scope.children[0] if len(scope.children) == 1 else None
        if isinstance(only, DraftScope) and only.kind == "block" and not only.label and label not in level.names:
            self.statement(only, level, label)
            level.names[label] = scope.label.span if scope.label else None
        else:
            self._group(scope, level, label)

    def _block(self, scope: DraftScope, level: _Level, label: str | None) -> None:
        place = level.place()
        inner = self.inside(scope, level, label or place)
        only = scope.children[0] if len(scope.children) == 1 else None
        if isinstance(only, DraftScope) and only.kind in ("join", "residual"):
            inner.place()
            self.branches(only, inner)
        else:
            self.body(scope.children, inner)

    _bracket = _block

    def _repeat(self, scope: DraftScope, level: _Level, label: str | None) -> None:
        if not label:
            self.body(scope.children, level)
            return
        level.place()
        inner = self.inside(scope, level, label)
        for index, iteration in enumerate(scope.children):
            assert isinstance(iteration, DraftScope)
            self._iteration(iteration, inner, str(index))

    def _iteration(self, scope: DraftScope, level: _Level, label: str | None) -> None:
        if label is None or not scope.children:
            self.body(scope.children, level)
            return
        first, *rest = scope.children
        while rest and (first.implicit if isinstance(first, DraftNode) else first.kind == "group"):
            # the flattening before fc, and the layers in the branches of a call
            self.statement(first, level, f"{first.op.name}{label}" if isinstance(first, DraftNode) else None)
            first, *rest = rest
        self.statement(first, level, label)
        for node in rest:
            self.statement(node, level, f"{node.op.name}{label}" if isinstance(node, DraftNode) else None)

    def _join(self, scope: DraftScope, level: _Level, label: str | None) -> None:
        place = level.place()
        self.branches(scope, level if labelled(scope.children) else self.inside(scope, level, label or place))

    _residual = _join

    def branches(self, scope: DraftScope, level: _Level) -> None:
        """Name the branches of a join, then the joining node and what follows it, in `level`."""
        number = 0
        for child in scope.children:
            if isinstance(child, DraftScope) and child.kind == "branch":
                number += 1
                self.branch(child, level, f"branch{number}")
            elif isinstance(child, DraftScope) and child.kind == "shortcut":
                if child.children:
                    self.body(child.children, self.inside(child, level, "downsample"))
            else:
                self.statement(child, level)

    def branch(self, scope: DraftScope, level: _Level, name: str) -> None:
        only = scope.children[0] if len(scope.children) == 1 else None
        if labelled(scope.children):
            self.body(scope.children, level)
        elif isinstance(only, DraftNode) or (only is not None and only.kind in ("block", "bracket")):
            self.statement(only, level, name)
        else:
            self.body(scope.children, self.inside(scope, level, name))

    def _reuse(self, scope: DraftScope, level: _Level, label: str | None) -> None:
        self.shared += scope.nodes()  # which have the names of the layers that they use again


def labelled(children: list[Draft]) -> bool:
    """Whether every weight in these statements is inside something that has a label."""
    for child in children:
        if isinstance(child, DraftNode):
            named = child.label or child.given or child.shares or not child.op.weighted
        elif child.kind in ("block", "bracket"):
            named = child.label or not any(node.op.weighted for node in child.nodes())
        else:
            named = child.label or child.kind in ("shortcut", "aux", "reuse", "unit") or labelled(child.children)
        if not named:
            return False
    return True


def assign(root: DraftScope, report: Report) -> None:
    """Name every module below `root`; a label given twice in one module is told."""
    naming = _Naming(report)
    naming.body(root.children, _Level(""))
    for node in naming.shared:
        if node.shares is not None:
            node.name, node.path = node.shares.name, node.shares.path
