"""The members of a class: how they are constructed in `__init__`, and how they are reached from `forward`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import zip_longest
from typing import Any, TypeVar

from netdsl.backends.torch.construct import UNSET, Argument, Chain, Construct, Container, Items
from netdsl.backends.torch.decisions import Arms
from netdsl.backends.torch.layout import render
from netdsl.backends.torch.levels import Again, Leaf, Level, Member
from netdsl.backends.torch.names import Numbered, reached
from netdsl.backends.torch.symbols import as_term
from netdsl.backends.torch.terms import NONE, make
from netdsl.backends.torch.trace import Trace
from netdsl.elaborate.naming import attribute
from netdsl.ops import Torch

T = TypeVar("T")
ROLES = {
    "nn.Conv2d": ("in_channels", "channels"),
    "nn.ConvTranspose2d": ("in_channels", "channels"),
    "Conv2dSame": ("in_channels", "channels"),
    "PaddedConv2d": ("in_channels", "channels"),
    "nn.Linear": ("in_features", "features"),
    "Pointwise": ("in_channels", "channels"),
    "LayerScale": ("shape",),
    "torch.full": ("shape", "scale"),
    "nn.LayerNorm": ("shape",),
    "RBF": ("in_features", "features"),
    "nn.BatchNorm2d": ("channels",),
    "nn.BatchNorm1d": ("features",),
    "nn.PReLU": ("channels",),
    "nn.GroupNorm": ("norm_groups", "channels"),
    "nn.MaxPool2d": ("kernel", "stride", "padding"),
    "nn.AvgPool2d": ("kernel", "stride", "padding"),
    "nn.AdaptiveAvgPool2d": ("size",),
    "nn.AdaptiveMaxPool2d": ("size",),
    "nn.ChannelShuffle": ("groups",),
    "Scale": ("scale",),
    "Slice": ("start", "stop"),
    "Subsample": ("channels",),
    "CenterCrop": ("height", "width"),
}
"""What the positional arguments of PyTorch's modules are called when they become arguments of a class."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "nn.Conv2d": {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
    "nn.ConvTranspose2d": {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "bias": True, "dilation": 1},
    "Conv2dSame": {"stride": 1, "dilation": 1, "groups": 1, "bias": True},
    "PaddedConv2d": {"stride": 1, "dilation": 1, "groups": 1, "bias": True, "ceil": False},
    "nn.Linear": {"bias": True},
    "nn.Dropout": {"p": 0.5},
    "nn.BatchNorm2d": {"eps": 1e-5, "momentum": 0.1},
    "nn.MaxPool2d": {"padding": 0, "dilation": 1, "ceil_mode": False},
    "nn.AvgPool2d": {"padding": 0, "ceil_mode": False, "count_include_pad": True},
}
"""Keywords of PyTorch whose defaults are not written out; an instance that leaves one out has its default."""

ORDER = ("kernel_size", "stride", "padding", "output_padding", "dilation", "groups", "bias")
"""How keywords follow one another, as people write them; others come behind."""

SHORT = {"kernel_size": "kernel", "out_channels": "channels", "p": "drop", "scale_factor": "factor"}


def of_any_rank(table: Mapping[str, T], function: str, default: T) -> T:
    """What a table of modules for planes says of one for maps of any rank: `nn.Conv1d` is as `nn.Conv2d`."""
    if function in table:
        return table[function]
    alike = re.sub("[13]d", "2d", function)
    return table.get(alike, table.get(function.removesuffix("1d").removesuffix("3d"), default))


@lru_cache(4096)
def usual(function: str, definitions: tuple[str, ...]) -> Mapping[str, Any]:
    """The defaults of a module's keywords, where they have any: of PyTorch's, and of one whose source is among
    `definitions`, in its order."""
    found = dict(of_any_rank(DEFAULTS, function, {}))
    for text in definitions:
        for each in ast.parse(text).body if f"class {function}(" in text else ():
            made = each.body if isinstance(each, ast.ClassDef) and each.name == function else ()
            for method in made:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    names = [argument.arg for argument in method.args.args]
                    found |= dict.fromkeys(names, UNSET)
                    for name, value in zip(reversed(names), reversed(method.args.defaults), strict=False):
                        found[name] = ast.literal_eval(value) if isinstance(value, ast.Constant | ast.Tuple) else UNSET
    return found


@lru_cache(4096)
def _keywords(function: str, definitions: tuple[str, ...], given: tuple[str, ...]) -> tuple[tuple[str, str, Any], ...]:
    """The keywords of a call in which some are `given`, in order, with their roles and their usual values."""
    known = usual(function, definitions)
    names = [name for name in dict.fromkeys((*known, *given)) if name in given or known[name] is not UNSET]
    names.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return tuple((name, SHORT.get(name, name), known.get(name, UNSET)) for name in names)


def member_call(torch: Torch, parameter: bool = False) -> Construct:
    """The construction of one layer. Keywords with their usual values are there too, so that instances are alike."""
    call = torch.module
    assert call is not None
    given = []
    for role, value in zip_longest(
        of_any_rank(ROLES, call.function, ())[: len(call.args)], call.args, fillvalue="value"
    ):
        given.append(Argument(None, Items(value) if role == "shape" and isinstance(value, tuple) else value, role))
    kwargs = call.kwargs
    for name, role, default in _keywords(call.function, torch.definitions, tuple(kwargs)):
        given.append(Argument(name, kwargs.get(name, default), role, default))
    return Construct(call.function, tuple(given), torch.frozen, parameter)


def _anonymous(member: Member) -> Iterator[Leaf]:
    """The layers without weights that one attribute can serve: those without a label, or used again in a container."""
    if isinstance(member, Leaf):
        if member.constructed and not member.weighted and (member.node.label is None or not member.name):
            yield member
    elif isinstance(member, Level) and not member.called:
        for each in member.members:
            if not isinstance(each, Again):
                yield from _anonymous(each)


class Members:
    """The members of one class-like level, as its trace has them.

    `attributes` are their names, their constructions, and the arms in which they stand.
    """

    def __init__(self, level: Level, trace: Trace):
        self.level = level
        self.trace = trace
        self.attributes: list[tuple[str, Any, Arms]] = []
        self.parameters: list[str] = []
        """Statements that set parameters in containers, which can hold modules only at first."""
        self._names: dict[int, str] = {}
        if level.chained or level.listed:
            self.attributes.append(("", self._chain(level, ()), ()))
            for member in level.members:
                if isinstance(member, Level) and not member.called:
                    self._parameters(member, self.access(member))
        else:
            self._collect()

    def _collect(self) -> None:
        shared_ones = {id(leaf) for member in self.level.members for leaf in _anonymous(member)}
        members = [member for member in self.level.members if id(member) not in shared_ones]
        taken = {member.name for member in members if not isinstance(member, Again)}
        shared: dict[Any, str] = {}
        numbered = Numbered(taken)
        for member in self.level.members:
            for leaf in _anonymous(member):
                construction = self.construct(leaf)
                key = construction.key()
                if key not in shared:
                    layer = as_term(self.trace.chosen.get(leaf.node.id))
                    shared[key] = numbered(layer.text if layer.op == "name" else attribute(leaf.node.op.name))
                    self.attributes.append((shared[key], construction, self._arms(leaf)))
                self._names[id(leaf)] = shared[key]
            if not isinstance(member, Again) and member.constructed and id(member) not in self._names:
                self.attributes.append((member.name, self.construct(member), self._arms(member)))
                if isinstance(member, Level) and not member.called:
                    self._parameters(member, self.access(member))

    def _parameters(self, level: Level, owner: str) -> None:
        for member in level.members:
            if isinstance(member, Leaf) and member.bare and member.name:
                made = render(self.construct(member, False), 8)
                self.parameters.append(f'{owner}.register_parameter("{member.name}", {made})')
            elif isinstance(member, Level) and not member.called:
                self._parameters(member, self.access(member, owner))

    def _arms(self, member: Leaf | Level) -> Arms:
        around = self.trace.around(member.node if isinstance(member, Leaf) else member.scope)
        layer = self.trace.chosen.get(member.node.id) if isinstance(member, Leaf) else None
        return around if layer is None else (*around, (make("is not", layer.term, NONE), True))

    def construct(self, member: Leaf | Level, traced: bool = True) -> Any:
        """The expression that constructs a member; with plain numbers if it is not to be `traced`."""
        if isinstance(member, Leaf):
            torch = self.trace.torch.get(member.node.id, member.torch) if traced else member.torch
            if not traced:
                assert torch.module is not None
                self.trace.mark(tuple(torch.module.args))
            made = member_call(torch, member.bare)
            chosen = self.trace.chosen.get(member.node.id) if traced else None
            return made if chosen is None else made._replace(function=chosen)
        if member.kind == "class":
            return self.trace.constructs[id(member)]
        if member.kind == "sequential":
            return self._chain(member, self._arms(member))
        inner = [each for each in member.members if not isinstance(each, Again) and each.constructed and each.name]
        inner = [each for each in inner if id(each) not in self._names and (isinstance(each, Level) or not each.bare)]
        return Container(tuple((each.name, self.construct(each)) for each in inner))

    def _chain(self, level: Level, around: Arms) -> Chain:
        """A sequence, each with the arms that it stands in beside those `around` the sequence."""
        members = level.row()
        when = tuple(self._arms(each)[len(around) :] for each in members)
        items = tuple((each.name, self.construct(each)) for each in members)
        return Chain(items, when if any(when) else ())

    def access(self, member: Member, owner: str = "self") -> str:
        """The expression for a member; `owner` is that of the container it is in."""
        if isinstance(member, Again):
            return self.reach(member.target)
        if owner != "self" and id(member) not in self._names:
            return reached(owner, member.name, by_key=not (isinstance(member, Leaf) and member.bare))
        if owner == "self" and self.level.listed:
            return f"self[{member.name}]"
        name = self._names.get(id(member), member.name)
        return reached("self", name, by_key=not (isinstance(member, Leaf) and member.bare))

    def reach(self, target: Leaf | Level) -> str:
        """Layers elsewhere below this class."""
        way: list[Leaf | Level] = []
        here: Leaf | Level | None = target
        while here is not None and here is not self.level:
            way.append(here)
            here = here.above
        text, above = "self", self.level
        for each in reversed(way):
            if above is self.level and not above.chained:
                text = self.access(each)
            elif above.kind == "sequential" or above.chained or above.listed:
                text = f"{text}[{above.position(each.name)}]"
            else:
                bare = isinstance(each, Leaf) and each.bare
                text = reached(text, each.name, by_key=not (above.called or bare))
            if isinstance(each, Level):
                above = each
        return text
