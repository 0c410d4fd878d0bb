"""The network as data: what the quick constructor makes, and what a network in JSON must be."""

from __future__ import annotations

import copy
import pickle

import pytest
from pydantic import BaseModel

import netdsl
from netdsl import ir

MODELS = [each for each in vars(ir).values() if isinstance(each, type) and issubclass(each, ir.Frozen)]


def parts(value: object) -> list[BaseModel]:
    """All models in a value, itself first."""
    found: list[BaseModel] = []
    if isinstance(value, ir.Frozen):
        found = [value, *(each for field in dict(value).values() for each in parts(field))]
    elif isinstance(value, tuple | dict):
        inside = value.values() if isinstance(value, dict) else value
        found = [part for each in inside for part in parts(each)]
    return found


def test_the_quick_constructor_makes_what_pydantic_makes() -> None:
    """Of every kind of model that is a part of some network."""
    every = [part for name in ("googlenet", "mobilenet_v2:1.0") for part in parts(netdsl.load(name))]
    examples = {type(part): part for part in reversed(every)}
    missing = {ir.Frozen, ir.Written, ir.NamedOutput} - set(examples)
    assert set(MODELS) == {*examples, *missing}
    for kind, example in examples.items():
        fields = {key: value for key, value in example if key in kind.model_fields}
        assert list(fields) == list(kind.model_fields)
        one, two = kind.made(**fields), kind.model_construct(**fields)
        assert one == two == example and two == one and repr(one) == repr(two)
        assert one.model_fields_set == two.model_fields_set
        assert one.model_dump_json() == two.model_dump_json()
        assert copy.copy(one) == copy.deepcopy(one) == one.model_copy() == pickle.loads(pickle.dumps(one)) == two
        changed = {next(iter(kind.model_fields)): "other"}
        assert one.model_copy(update=changed) == two.model_copy(update=changed) != two
        with pytest.raises(ValueError, match="frozen"):
            setattr(one, *next(iter(fields.items())))
