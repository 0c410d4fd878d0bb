"""The members of a class: how they are constructed in `__init__`, and how they are reached from `forward`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from netdsl.backends.torch.construct import Argument, Chain, Construct, Items, ModuleDict
from netdsl.backends.torch.layout import DEFAULTS, of_any_rank, render
from netdsl.backends.torch.levels import Again, Leaf, Level, Member
from netdsl.backends.torch.names import Numbered, reached
from netdsl.backends.torch.trace import Arms, Trace
from netdsl.elaborate.naming import attribute
from netdsl.ops import Call

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

ORDER = ("kernel_size", "stride", "padding", "output_padding", "dilation", "groups", "bias")
"""How keywords follow one another, as people write them; others come behind."""

SHORT = {"kernel_size": "kernel", "out_channels": "channels", "p": "drop", "scale_factor": "factor"}


def member_call(call: Call, frozen: bool = False, parameter: bool = False) -> Construct:
    """The construction of one layer. Keywords with their usual values are there too, so that instances are alike."""
    given = []
    for role, value in zip_longest(
        of_any_rank(ROLES, call.function, ())[: len(call.args)], call.args, fillvalue="value"
    ):
        given.append(Argument(None, Items(value) if role == "shape" and isinstance(value, tuple) else value, role))
    kwargs = {**of_any_rank(DEFAULTS, call.function, {}), **call.kwargs}
    names = sorted(kwargs, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    given += [Argument(name, kwargs[name], SHORT.get(name, name)) for name in names]
    return Construct(call.function, tuple(given), frozen, parameter)


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
        if level.chained:
            self.attributes.append(("", self._chain(level, ()), ()))
        else:
            self._collect()

    def _collect(self) -> None:
        taken = {member.name for member in self.level.members if not isinstance(member, Again)}
        shared: dict[Any, str] = {}
        numbered = Numbered(taken)
        for member in self.level.members:
            for leaf in _anonymous(member):
                construction = self.construct(leaf)
                key = construction.key()
                if key not in shared:
                    chosen = self.trace.chosen.get(leaf.node.id)
                    named = chosen is not None and chosen.term.op == "name"
                    shared[key] = numbered(chosen.term.text if named else attribute(leaf.node.op.name))
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
        return self.trace.around(member.node if isinstance(member, Leaf) else member.scope)

    def construct(self, member: Leaf | Level, traced: bool = True) -> Any:
        """The expression that constructs a member; with plain numbers if it is not to be `traced`."""
        if isinstance(member, Leaf):
            torch = self.trace.torch.get(member.node.id, member.torch) if traced else member.torch
            assert torch.module is not None
            if not traced:
                self.trace.mark(tuple(torch.module.args))
            made = member_call(torch.module, torch.frozen, member.bare)
            chosen = self.trace.chosen.get(member.node.id) if traced else None
            return made if chosen is None else made._replace(function=chosen)
        if member.kind == "class":
            return self.trace.constructs[id(member)]
        if member.kind == "sequential":
            return self._chain(member, self._arms(member))
        inner = [each for each in member.members if not isinstance(each, Again) and each.constructed and each.name]
        inner = [each for each in inner if id(each) not in self._names and (isinstance(each, Level) or not each.bare)]
        return ModuleDict(tuple((each.name, self.construct(each)) for each in inner))

    def _chain(self, level: Level, around: Arms) -> Chain:
        """A sequence, each with the arms that it stands in beside those `around` the sequence."""
        members = [each for each in level.members if not isinstance(each, Again)]
        when = tuple(self._arms(each)[len(around) :] for each in members)
        items = tuple((each.name, self.construct(each)) for each in members)
        return Chain(items, when if any(when) else ())

    def access(self, member: Member, owner: str = "self") -> str:
        """The expression for a member; `owner` is that of the container it is in."""
        if isinstance(member, Again):
            return self._reach(member.target)
        if owner != "self" and id(member) not in self._names:
            bare = isinstance(member, Leaf) and member.bare
            return reached(owner, member.name) if bare else f'{owner}["{member.name}"]'
        name = self._names.get(id(member), member.name)
        return reached("self", name, by_key=not (isinstance(member, Leaf) and member.bare))

    def _reach(self, target: Leaf | Level) -> str:
        """Layers elsewhere below this class."""
        way: list[Leaf | Level] = []
        here: Leaf | Level | None = target
        while here is not None and here is not self.level:
            way.append(here)
            here = here.above
        text, above = "self", self.level
        for each in reversed(way):
            if above is self.level:
                text = self.access(each)
            elif not above.called:
                bare = isinstance(each, Leaf) and each.bare
                text = reached(text, each.name) if bare else f'{text}["{each.name}"]'
            elif above.kind == "sequential" or above.chained:
                text = f"{text}[{above.position(each.name)}]"
            else:
                text = reached(text, each.name)
            if isinstance(each, Level):
                above = each
        return text
