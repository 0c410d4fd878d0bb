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

from netdsl.ops.shared.base import Operator, hidden
from netdsl.ops.shared.fields import Words
from netdsl.ops.shared.init import INITS
from netdsl.ops.shared.notation import argument
from netdsl.ops.shared.words import words_of


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
def reference(cls: type[Operator]) -> Reference:
    """The page of an operator."""
    summary, _, details = inspect.cleandoc(cls.__doc__ or "").partition("\n")
    return Reference(
        cls.name,
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


def _parameters(cls: type[Operator]) -> list[Parameter]:
    found = []
    for key, info in cls.model_fields.items():
        if key in hidden(cls):
            continue
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


def schema(cls: type[Operator]) -> dict[str, Any]:
    """The JSON schema of an operator's fields, with what each is for."""
    found = cls.model_json_schema(mode="serialization")
    for key, text in descriptions(cls).items():
        found.get("properties", {}).get(key, {})["description"] = text
    return found


def field(cls: type[Operator], name: str) -> FieldInfo | None:
    """The field that a spec calls `name`."""
    return next((info for key, info in cls.model_fields.items() if name in (info.alias or key, key)), None)


def type_in_words(cls: type[Operator], name: str) -> str:
    """What an argument takes: "an integer of at least 1", "same, valid, tf or ..."; to follow "must be"."""
    info = field(cls, name)
    return words_of(info) if info else "a value"


def choices(cls: type[Operator], name: str) -> tuple[str, ...]:
    """The bare words that an argument takes: `same`, `valid`, `tf`; for `init`, the ways to draw weights."""
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
