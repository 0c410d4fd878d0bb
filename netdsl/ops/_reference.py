"""The reference of operators, read off their classes: what `netdsl ops NAME`, the docs and the messages say of them."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from netdsl import ops
from netdsl.ops._base import Operator
from netdsl.ops._fields import Words


class Parameter(NamedTuple):
    """One argument: its name, its type in words, its default as a spec writes it (None: required), what it does."""

    name: str
    type: str
    default: str | None
    description: str


class Reference(NamedTuple):
    """An operator's page: `summary` is one line, `details` the rest, `geometry` its notation (`conv K-C/S`)."""

    name: str
    family: str
    geometry: str
    aliases: tuple[str, ...]
    inputs: tuple[int, int | None]
    summary: str
    details: str
    parameters: tuple[Parameter, ...]


@cache
def reference(name: str) -> Reference:
    """The page of the operator called `name`. Raises `KeyError` for an unknown one."""
    cls = ops.find(name)
    summary, _, details = inspect.cleandoc(cls.__doc__ or "").partition("\n")
    return Reference(
        name,
        cls.family.value,
        geometry(cls),
        cls.aliases,
        cls.inputs,
        summary.strip(),
        details.strip(),
        tuple(_parameters(cls)),
    )


def geometry(cls: type[Operator]) -> str:
    """The operator's notation, its name with the parts that it has: `conv K-C/S`, `maxpool K/S`, `fc-N`."""
    parts = cls.geometry
    out = ("-C" if parts.kernel else "-N") if parts.out else ""
    return cls.name + (" K" if parts.kernel else "") + out + ("/S" if parts.stride else "")


def signature(cls: type[Operator]) -> str:
    """Name and arguments in one line, `dropout(p=50%)`."""
    parameters = [each.name if each.default is None else f"{each.name}={each.default}" for each in _parameters(cls)]
    return f"{cls.name}({', '.join(parameters)})"


def _parameters(cls: type[Operator]) -> list[Parameter]:
    from netdsl.ops._notation import argument

    found = []
    for key, info in cls.model_fields.items():
        default = None if info.is_required() else argument(info, info.default)
        name = info.alias or key
        found.append(Parameter(name, words_of(info), default, descriptions(cls)[name]))
    return found


@cache
def descriptions(cls: type[BaseModel]) -> dict[str, str]:
    """What each field is for, by its name in a spec: its own description, or the string below it in the source."""
    (body,) = ast.parse(dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    below: dict[str, str] = {}
    for statement, after in pairwise(body.body):
        match statement, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                below[name] = inspect.cleandoc(text)
    fields = cls.model_fields.items()
    return {info.alias or key: info.description or below.get(key, "") for key, info in fields}


# A type in words ------------------------------------------------------------------------------------------------------


def field(cls: type[Operator], name: str) -> FieldInfo | None:
    """The field that a spec calls `name`."""
    return next((info for key, info in cls.model_fields.items() if name in (info.alias or key, key)), None)


def type_in_words(cls: type[Operator], name: str) -> str:
    """What an argument takes: "an integer of at least 1", "same, valid, tf or ..."; to follow "must be"."""
    info = field(cls, name)
    return words_of(info) if info else "a value"


def words_of(info: FieldInfo) -> str:
    """The type of a field in words."""
    said = [item.text for item in info.metadata if isinstance(item, Words)]
    return said[-1] if said else _in_words(info.annotation)


def _in_words(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = [item.text for item in args[1:] if isinstance(item, Words)]
        return said[-1] if said else _in_words(args[0])
    if origin is Literal:
        return _either([str(item) for item in args])
    if origin in (Union, UnionType):
        words: list[str] = []
        for item in args:
            if item is type(None):
                words.append("none")
            else:
                words.extend(map(str, get_args(item)) if get_origin(item) is Literal else [_in_words(item)])
        return _either(sorted(words, key=lambda word: word == "none"))
    return {int: "an integer", float: "a number", bool: "true or false", str: "text"}.get(annotation, "a value")


def _either(words: list[str]) -> str:
    comma = "," if any("," in word for word in words) else ""
    return ", ".join(words[:-1]) + f"{comma} or {words[-1]}" if len(words) > 1 else words[0]


def choices(cls: type[Operator], name: str) -> tuple[str, ...]:
    """The bare words that an argument takes: `same`, `valid`, `tf`; for `init`, the ways to draw weights."""
    from netdsl.ops._init import INITS

    info = field(cls, name)
    if info is None:
        return ()
    if any(isinstance(item, Words) and item.text.startswith("a way to draw weights") for item in info.metadata):
        return tuple(INITS)
    return tuple(_choices(info.annotation))


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [item for item in get_args(annotation) if isinstance(item, str)]
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [word for item in get_args(annotation) for word in _choices(item)]
    return []
