"""The type of a field in words, to follow "must be": "an integer of at least 1", "same, valid, tf or ..."."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from netdsl.ops.shared.fields import Words


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
