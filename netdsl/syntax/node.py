"""How the classes of the tree are made.

Frozen records with slots, as `dataclass(frozen=True, slots=True)` makes them, in a sixth of the time: defining the
forty classes of the tree would otherwise take longer than checking most specs.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar, dataclass_transform

_T = TypeVar("_T")


class _Node:
    """Compared by class and fields, never changed.

    Lists and loops, not generators: each of those would take a frame of its own in a deep tree.
    """

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return [getattr(self, name) for name in self.__slots__] == [getattr(other, name) for name in self.__slots__]

    def __hash__(self) -> int:
        return hash((type(self), *[getattr(self, name) for name in self.__slots__]))

    def __repr__(self) -> str:
        fields = []
        for name in self.__slots__:
            fields.append(f"{name}={getattr(self, name)!r}")
        return f"{type(self).__name__}({', '.join(fields)})"

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a node of the tree does not change: `{name}`")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a node of the tree does not change: `{name}`")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)


@dataclass_transform(frozen_default=True)
def node(cls: type[_T]) -> type[_T]:
    """A class decorator: the annotated fields become the arguments of the class, in order."""
    names = tuple(cls.__annotations__)
    members = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    defaults = [name for name in names if name in vars(cls)]
    made: Any = type(cls.__name__, (_Node,), {**members, "__slots__": names, "__match_args__": names})
    scope = {f"set_{name}": getattr(made, name).__set__ for name in names}
    scope |= {f"default_{name}": getattr(cls, name) for name in defaults}
    arguments = ", ".join(f"{name}=default_{name}" if name in defaults else name for name in names)
    exec(f"def __init__(self, {arguments}):" + "".join(f"\n set_{name}(self, {name})" for name in names), scope)
    made.__init__ = scope["__init__"]
    return made  # type: ignore[no-any-return]
