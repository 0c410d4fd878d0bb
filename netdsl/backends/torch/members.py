"""What a class holds: the attributes of its members, how each is constructed, and how `forward` reaches it."""

from __future__ import annotations

import builtins
import keyword
from typing import Any

from netdsl.backends.torch.construct import Argument, Chain, Construct, Container, fold
from netdsl.backends.torch.layout import DEFAULTS, WIDTH, render
from netdsl.backends.torch.plan import Again, Leaf, Level, Member
from netdsl.ops import Call

RESERVED = {*keyword.kwlist, *dir(builtins), "nn", "F", "torch", "Tensor", "NamedTuple", "OrderedDict", "self", "cls"}

_SHORT = {"kernel_size": "kernel", "out_channels": "channels", "p": "drop"}
_ROLES = {
    "nn.Linear": ("in_features", "features"),
    "nn.BatchNorm2d": ("channels",),
    "nn.BatchNorm1d": ("features",),
    "nn.Dropout": ("drop",),
    "torch.full": ("shape", "value"),
    "nn.MaxPool2d": ("kernel", "stride", "padding"),
    "nn.AvgPool2d": ("kernel", "stride", "padding"),
}


class Members:
    """The members of levels. `constructs` are the calls that construct the levels that are classes."""

    def __init__(self) -> None:
        self.constructs: dict[int, Construct] = {}

    def attributes(self, level: Level) -> tuple[list[tuple[str, Any]], Any]:
        """The attributes of a class with their constructions, and how its members are reached from `forward`."""
        attributes: list[tuple[str, Any]] = []
        names: dict[int, str] = {}
        shared: dict[tuple[str, str], str] = {}
        used = {self._key(member) for member in level.members if not isinstance(member, Again)}
        for member in level.members:
            if isinstance(member, Again) or not self._constructed(member):
                continue
            if isinstance(member, Leaf) and not member.weighted and member.node.label is None:
                construct = self.construct(member)
                base = member.node.op.name
                same = (base, render(construct, 0))
                if same in shared:
                    names[id(member)] = shared[same]
                    continue
                name, number = base, 2
                while name in used or name in RESERVED or name in dict(attributes):
                    name, number = f"{base}{number}", number + 1
                shared[same] = names[id(member)] = name
                attributes.append((name, construct))
            else:
                names[id(member)] = self._key(member)
                attributes.append((self._key(member), self.construct(member)))

        def access(member: Member, owner: str) -> str:
            if isinstance(member, Again):
                return self._path(member.path, level)
            if id(member) in names and owner == "self":
                name = names[id(member)]
                return f"self.{name}" if name.isidentifier() else f'getattr(self, "{name}")'
            return f'{owner}["{self._key(member)}"]'

        return attributes, access

    def _constructed(self, member: Leaf | Level) -> bool:
        """Whether a member is a module at all: joins, flattenings and identities are written out in `forward`."""
        if isinstance(member, Level):
            return True
        return member.torch.module is not None and member.node.op.name not in ("flatten", "identity")

    def _key(self, member: Leaf | Level) -> str:
        return member.name

    def _path(self, path: str, level: Level) -> str:
        """Layers elsewhere in the class of `level`, by their path."""
        inside = path.removeprefix(level.path + ".") if level.path else path
        text, here = "self", level
        for part in inside.split("."):
            member = next((each for each in here.members if not isinstance(each, Again) and each.name == part), None)
            if here is level:
                text = f"self.{part}" if part.isidentifier() else f'getattr(self, "{part}")'
            elif here.kind == "container":
                text += f'["{part}"]'
            else:
                text += f"[{self._index(here, part)}]" if here.kind == "sequential" else f".{part}"
            if isinstance(member, Level):
                here = member
        return text

    def _index(self, level: Level, name: str) -> int:
        names = [member.name for member in level.members]
        return names.index(name)

    def construct(self, member: Leaf | Level) -> Any:
        if isinstance(member, Leaf):
            assert member.torch.module is not None
            if member.torch.expression is not None:
                tensor = self._call(member.torch.module, False)
                return Construct("nn.Parameter", (Argument(None, tensor, ""),), member.torch.frozen)
            return self._call(member.torch.module, member.torch.frozen)
        if member.kind == "class":
            return self.constructs[id(member)]
        items = [
            (each.name, self.construct(each))
            for each in member.members
            if not isinstance(each, Again) and (member.kind == "sequential" or self._constructed(each))
        ]
        return Chain(fold(items)) if member.kind == "sequential" else Container(tuple(items))

    def _call(self, call: Call, frozen: bool) -> Construct:
        roles = _ROLES.get(
            call.function, ("in_channels", "channels") if call.function.startswith(("nn.Conv", "nn.ConvT")) else ()
        )
        given = [
            Argument(None, value, roles[index] if index < len(roles) else "value")
            for index, value in enumerate(call.args)
        ]
        usual = DEFAULTS.get(call.function, {})
        first = {name: value for name, value in call.kwargs.items() if name == "kernel_size"}
        kwargs = {**first, **usual, **call.kwargs}
        given += [Argument(name, value, _SHORT.get(name, name)) for name, value in kwargs.items()]
        return Construct(call.function, tuple(given), frozen)

    def init(self, level: Level, access: Any, owner: str = "self") -> tuple[str, ...]:
        """Statements that draw weights, for the leaves that this class constructs itself."""
        found: dict[str, list[str]] = {}

        def visit(here: Level, reach: str) -> None:
            for place, member in enumerate(here.members):
                if isinstance(member, Again):
                    continue
                if here is level:
                    target = access(member, "self") if self._constructed(member) else ""
                elif here.kind == "container":
                    target = f'{reach}["{member.name}"]'
                else:
                    target = f"{reach}[{place}]"
                if isinstance(member, Leaf):
                    for statement in member.init:
                        found.setdefault(statement, []).append(target)
                elif member.kind != "class":
                    visit(member, target)

        visit(level, owner)
        lines = []
        for statement, targets in found.items():
            if len(targets) >= 3:
                listed = ", ".join(targets)
                head = f"for m in ({listed}):"
                if 8 + len(head) > WIDTH:
                    head = "for m in (\n" + "".join(f"    {target},\n" for target in targets) + "):"
                lines.append(head)
                lines.append("    " + statement.replace("{m}", "m"))
            else:
                lines += [statement.replace("{m}", target) for target in targets]
        return tuple(lines)
