"""The network as data: what the quick constructor makes, and what a network in JSON must be."""

from __future__ import annotations

import copy
import json
import pickle
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import netdsl
from netdsl import ir
from netdsl.ir import Network

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
    missing = {ir.Frozen, ir.Written, ir.NamedOutput, ir.Property} - set(examples)
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


# Networks in JSON -----------------------------------------------------------------------------------------------------

SPEC = """\
input 4x8x8
param half = 4
param wide = half * 2
block b(n, t=2) { if t > 1 { conv1-{n * t} }; residual { conv3-n } }
block two() takes a, b { output sum: add { @a | @b }; conv1-8 }
[1x1, 4; 3x3, 4] x2
b(wide) x2 as i
keep: conv3-8
aux side(0.3) { gap; fc-10 }
reuse(keep)
two() { relu | tanh }
output mid
gap; fc-10
"""


def as_data() -> Any:
    return json.loads(netdsl.loads(SPEC).model_dump_json())


def part(data: Any, path: str) -> tuple[Any, Any]:
    """What holds the end of a path, and its key there."""
    *way, last = (int(each) if each.isdigit() else each for each in path.split("."))
    for key in way:
        data = data[key]
    return data, last


def test_the_format_has_a_version() -> None:
    data = as_data()
    assert next(iter(data.items())) == ("format_version", ir.FORMAT_VERSION)
    network = Network.model_validate(data)
    del data["format_version"]
    assert Network.model_validate(data) == network and network.format_version == ir.FORMAT_VERSION
    data |= {"format_version": ir.FORMAT_VERSION + 1, "something": "new"}
    with pytest.raises(ValidationError, match=r"written by a newer netdsl: it has format 3, and this .* up to 2"):
        Network.model_validate(data)
    for odd in (0, "2", True, None):
        with pytest.raises(ValidationError, match="is no version"):
            Network.model_validate({**data, "format_version": odd})


FLAWS: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "no such definition": ("body.children.1.children.0.children.0.definition", lambda _: "b", "no definition `b`"),
    "other arguments": ("body.children.1.children.0.children.0.arguments", lambda _: {"n": 4}, "of `b` are n, t"),
    "a term of no field": (
        "body.children.1.children.0.children.0.children.0.terms",
        lambda _: {"x": "n"},
        "no such field",
    ),
    "a term of no argument": ("body.children.1.children.0.children.0.terms", lambda _: {"x": "n"}, "no such argument"),
    "a term of no param": ("body.terms", lambda _: {"x": "n"}, "no such param"),
    "an index that is no name": ("body.children.1.terms", lambda _: {"index": "i in"}, "an index is a name"),
    "a test of no value": ("body.children.1.children.0.children.0.choices.0.value", lambda _: 99, "no value 99"),
    "an arm of no value": (
        "body.children.1.children.0.children.0.children.0.arms.0.value",
        lambda _: -1,
        "no value -1",
    ),
    "an input of a call out of range": ("body.children.7.entries.1", lambda _: 99, "no value 99"),
    "inputs of a call that are another's": ("body.children.7.entries.0", lambda _: 0, "`entry` is the first"),
    "an output out of range": ("body.children.7.outputs", lambda _: {"sum": 99}, "no value 99"),
    "a vocabulary of none": ("inputs.0", lambda old: {**old, "vocabulary": 0}, "must lie between 1 and"),
    "an entry out of range": ("body.children.1.entry", lambda _: 50, "no value 50"),
    "an exit out of range": ("body.exit", lambda _: -1, "no value -1"),
    "a result out of range": ("result", lambda _: 50, "no value 50"),
    "a value from later on": ("body.children.2.inputs", lambda _: [40], "no value 40"),
    "another number": ("body.children.2.id", lambda old: old + 1, "the next value is"),
    "another shape": ("body.children.2.shape", lambda _: [9, 8, 8], "makes 8x8x8 here, not 9x8x8"),
    "no shape": ("body.children.2.shape", lambda _: None, "missing in a network that is complete"),
    "no inputs": ("body.children.2.inputs", lambda _: [], "cannot take 0 values"),
    "a name twice": ("body.children.2.name", lambda _: "2", "is not where `2` stands"),
    "a stray iteration": ("body.children.1.kind", lambda _: "group", "`iteration` cannot stand in `group`"),
    "no residual": (
        "body.children.1.children.0.children.0.children.1.children.2.op",
        lambda _: {"name": "mul"},
        "residual` holds a branch, and a shortcut",
    ),
    "weights of another kind": ("body.children.4.children.0.shares", lambda _: 1, "not of a layer like this one"),
    "weights of none": ("body.children.4.children.0.shares", lambda _: None, "of a `reuse`, and no others"),
    "no figures": ("totals", lambda _: None, "missing in a network that is complete"),
    "two of one name": ("aux.0.name", lambda _: "mid", "`mid` is given twice"),
    "no net": ("body.kind", lambda _: "group", "of the kind `net`"),
    "an impossible input": ("inputs.0.shape", lambda _: [4, 0, 8], "must lie between 1 and"),
    "an impossible layer": ("body.children.2.op.kernel", lambda _: [4, 4], "needs an odd kernel"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_what_does_not_hold_together_is_refused_with_its_path(flaw: str) -> None:
    path, change, message = FLAWS[flaw]
    data = as_data()
    Network.model_validate(data)
    owner, key = part(data, path)
    owner[key] = change(owner[key])
    with pytest.raises(ValidationError, match=message) as refused:
        Network.model_validate(data)
    assert ".".join(path.split(".")[:2]) in str(refused.value)


@pytest.mark.parametrize("name", ["vgg19", "googlenet", "resnet50", "efficientnet:B0", "inception_v3", "unet"])
def test_what_elaboration_makes_holds_together(name: str) -> None:
    network = netdsl.load(name)
    assert Network.model_validate_json(network.model_dump_json()) == network


ODD = [
    "",
    "n",
    "in_channels",
    "self",
    "a b",
    "[1, 2] * 9999999999",
    "channels",
    "!^n",
    "^^^n",
    "leakyrelu(1, 2, 3)",
    "if",
]
NUMBERS = [0, -1, 1, 3, 2**31 - 1, 10**12, 1.5]
BASES = [
    "efficientnet:B0",
    "densenet:121",
    "regnet:Y-400MF",
    "googlenet",
    "resnet18",
    "unet",
    "convnext_tiny",
    "lenet5",
]


def ways(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all parts of plain data."""
    for key, each in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*way, key)
        if isinstance(each, dict | list):
            yield from ways(each, (*way, key))


def changed(data: Any, everywhere: list[tuple[Any, ...]], dice: random.Random) -> None:
    """Change one part: leave it out, double it, rename it, put another part or another value for it."""
    *way, key = dice.choice(everywhere)
    owner = data
    for each in way:
        owner = owner[each]
    old, what = owner[key], dice.randrange(8)
    if what == 0:
        del owner[key]
    elif what == 1 and isinstance(owner, list):
        owner.insert(dice.randrange(len(owner) + 1), copy.deepcopy(old))
    elif what == 2 and isinstance(owner, dict):
        owner[dice.choice([*ODD, "pad", "norm", "index"])] = owner.pop(key)
    elif what <= 4:
        other = data
        for each in dice.choice(everywhere):
            other = other[each]
        owner[key] = copy.deepcopy(other)
    else:
        owner[key] = dice.choice(
            NUMBERS if isinstance(old, int | float) else ODD if isinstance(old, str) else [None, []]
        )


def refused_or_emitted(name: str, count: int) -> None:
    """A network that was changed anywhere is refused when it is loaded, or its source is Python."""
    dice = random.Random(name)
    base = netdsl.load(name).model_dump_json()
    everywhere = list(ways(json.loads(base)))
    words = {"terms", "arms", "choices", "arguments", "definition", "definitions"}
    written = [way for way in everywhere if words & set(way)] or everywhere
    refused = emitted = 0
    for turn in range(count):
        data = json.loads(base)
        changed(data, written if turn % 2 else everywhere, dice)
        try:
            network = Network.model_validate(data)
        except ValidationError:
            refused += 1
            continue
        if network.complete:
            compile(netdsl.emit(network), name, "exec")
            emitted += 1
    assert refused > count / 8 and emitted > count / 20


@pytest.mark.parametrize("name", BASES)
def test_a_changed_network_is_refused_or_emitted(name: str) -> None:
    refused_or_emitted(name, 24)


@pytest.mark.slow
@pytest.mark.parametrize("name", BASES)
def test_many_changed_networks_are_refused_or_emitted(name: str) -> None:
    refused_or_emitted(name, 600)
