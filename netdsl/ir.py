"""The network: what a spec means, with nothing left to look up.

A `Network` is a tree of `Scope`s (blocks, groups, repeats and joins stay visible) whose leaves are `Node`s; a node
applies one operator to earlier values. Values are numbered: the network's inputs come first, then one for each node,
in topological order, so a node's `id` is its value's number. `network.nodes` flattens the tree, and
`for node in network.nodes` is all the visitor a pass needs. Everything is frozen, and goes to JSON and back without
loss.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeAlias, final

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, StringConstraints, model_validator
from pydantic_core import core_schema
from typing_extensions import TypeAliasType

from netdsl import integrity, ops
from netdsl.ops import Operator, Weight
from netdsl.ops.shared.notation import number
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.text.amounts import amount
from netdsl.text.source import Source, Span

_ALL: dict[type, set[str]] = {}
"""The names of the fields of a model, by its class."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def made(cls, **fields: Any) -> Self:
        """What `model_construct` makes of all fields in their order, at a fifth of its cost: it looks for defaults.

        A network has a model for each of its layers, made of parts that were checked when they were read. That all
        fields are set is noted once for all.
        """
        found, put = cls.__new__(cls), object.__setattr__
        put(found, "__dict__", fields)
        put(found, "__pydantic_fields_set__", _ALL.get(cls) or _ALL.setdefault(cls, set(fields)))
        put(found, "__pydantic_extra__", None)
        put(found, "__pydantic_private__", None)
        return found


# An operator in JSON is its fields and its `name`, by which its class is found again --------------------------------


def _load_operator(value: Any) -> Operator:
    if isinstance(value, Operator):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or value["name"] not in ops.names():
        raise ValueError("an operator is an object with the `name` of a known operator")
    return ops.find(value["name"]).model_validate({key: item for key, item in value.items() if key != "name"})


def _dump_operator(op: Operator) -> dict[str, Any]:
    return {"name": op.name, **op.model_dump(mode="json", by_alias=True)}


def _operator_json_schema(_schema: Any, _handler: Any) -> dict[str, Any]:
    from netdsl.ops.shared.reference import schema as schema_of

    choices = []
    for name in ops.names():
        schema = _inlined(schema_of(ops.find(name)))
        properties = {"name": {"const": name}, **schema.get("properties", {})}
        choices.append({**schema, "properties": properties, "required": ["name", *schema.get("required", [])]})
    return {"oneOf": choices}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that stands alone, its definitions written where they are used."""
    known = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, list):
            return [inline(item) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref", "")
        if reference.startswith("#/$defs/"):
            return inline(known[reference.removeprefix("#/$defs/")])
        return {key: inline(item) for key, item in part.items() if key != "discriminator"}

    found: dict[str, Any] = inline(schema)
    return found


AnyOperator: TypeAlias = Annotated[
    Operator,
    GetPydanticSchema(
        lambda _type, _handler: core_schema.no_info_plain_validator_function(
            _load_operator,
            serialization=core_schema.plain_serializer_function_ser_schema(_dump_operator, when_used="json"),
            metadata={"pydantic_js_functions": [_operator_json_schema]},
        )
    ),
]


class Setting(Frozen):
    """A value with settings of its own, as the spec writes it: `sgd(lr=0.01)`, `leakyrelu(0.2)`."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = {}


Value = TypeAliasType("Value", "bool | int | float | str | Setting | tuple[Value, ...] | None")
"""What an argument can be once it is evaluated."""


def written(value: Value) -> str:
    """A value as a spec writes it; a string without its quotes, since words are strings here."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, Setting):
        given = [*map(written, value.args), *(f"{name}={written(each)}" for name, each in value.kwargs.items())]
        return f"{value.name}({', '.join(given)})" if given else value.name
    return str(value)


Word: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w-]+$")]
"""A name or a label: what emitted source calls something, so a network in JSON must not bring more."""
Attribute: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\w-]*$")]
Path: TypeAlias = Annotated[str, StringConstraints(pattern=r"^([\w-]+(\.[\w-]+)*)?$")]
Line: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$")]
"""Words in one line that print."""


# What was written ------------------------------------------------------------------------------------------------


class Choice(Frozen):
    """An `if` of the spec, for what stands in one of its arms: its test as written, and whether it held.

    `value` is the number of the current value where it was asked, which `channels` in the test means.
    """

    test: Line
    taken: bool
    value: int


class Definition(Frozen):
    """A block as the spec defines it: its parameters with their defaults as written (None: it has none), and the
    comment above it."""

    name: Word
    parameters: dict[Word, Line | None]
    doc: Line = ""
    span: Span


class Written(Frozen):
    """A part of the network, with the expressions that it was written with.

    - `terms`: the spec's text for what was computed, by the field it gives; what was written as a constant has none. A
      `^` stands before it for each call that lies between the text and its use (a `default` line further out), a `!`
      where it speaks of the current value of another place.
    - `arms`: the `if`s around it inside its block, outermost first.

    Neither adds to what the network computes, and where they are empty JSON is without them.
    """

    terms: dict[Line, Line] = Field({}, exclude_if=operator.not_)
    arms: tuple[Choice, ...] = Field((), exclude_if=operator.not_)


# The tree --------------------------------------------------------------------------------------------------------


@final
class Node(Written):
    """One operator applied to earlier values.

    - `inputs`: the numbers of the values it takes, in order.
    - `shape`: its output, channels x height x width or features; None where an error left it unknown.
    - `name`: its attribute in the module that holds it; `path` is its dotted place in the `state_dict`.
    - `label`: what the spec calls its value, if anything.
    - `shares`: the node whose weights it uses again (`reuse`), or None.
    - `implicit`: it was not written as a statement of its own (`norm=`, `act=`, the flattening before fc).
    """

    id: int
    op: AnyOperator
    inputs: tuple[int, ...]
    shape: Shape | None
    name: Attribute
    path: Path
    label: Word | None = None
    shares: int | None = None
    implicit: bool = False
    span: Span


ScopeKind: TypeAlias = Literal[
    "net",
    "block",
    "bracket",
    "group",
    "repeat",
    "iteration",
    "unit",
    "join",
    "residual",
    "branch",
    "shortcut",
    "aux",
    "reuse",
]


@final
class Scope(Written):
    """A part of the network that the spec shows as one.

    - `kind`: what it is. A `repeat` holds `iteration`s; a `join` and a `residual` hold their `branch`es (a residual's
      second is its `shortcut`, possibly empty) and then the joining node, and its activation; a `unit` is a labelled
      operator with its norm.
    - `title`: the block's name, the join's operator, the label of a group; for messages, diagrams and class names.
    - `name`, `path`: as for a node; an empty `name` says that it adds no level of modules.
    - `arguments`: the values of a block's parameters (for a bracket block: none).
    - `entry`, `exit`: the numbers of the current value before and after it.
    - `entries`: of a block that takes several inputs, the numbers of their values, in order; `entry` is the first.
      Empty where it is the only one.
    - `takes`: the names of a block's inputs, where it names them.
    - `outputs`: of a block, the numbers of the values that it gives out beside its own, by name.
    - `terms`: for a block its arguments as the call writes them (and under `integrity.CALLED` the parameter that it was
      called by), for a repeat `count`, `index` and `label`, for the net its params.
    - `choices`: of a block and the net, every `if` that was met, taken or not.
    - `definition`: of a block, the key of `Network.definitions`.
    """

    kind: ScopeKind
    title: Line = ""
    name: Attribute = ""
    path: Path = ""
    label: Word | None = None
    arguments: dict[str, Value] = {}
    children: tuple[Node | Scope, ...]
    entry: int
    exit: int
    span: Span
    choices: tuple[Choice, ...] = Field((), exclude_if=operator.not_)
    definition: str | None = Field(None, exclude_if=operator.not_)
    entries: tuple[int, ...] = Field((), exclude_if=operator.not_)
    takes: tuple[Word, ...] = Field((), exclude_if=operator.not_)
    outputs: dict[Word, int] = Field({}, exclude_if=operator.not_)

    @property
    def inputs(self) -> tuple[int, ...]:
        """The numbers of all values that it takes as its inputs."""
        return self.entries or (self.entry,)

    def nodes(self) -> Iterator[Node]:
        """All nodes inside, in order."""
        stack: list[Iterator[Node | Scope]] = [iter(self.children)]
        while stack:
            for child in stack[-1]:
                if type(child) is Node:  # `isinstance` asks pydantic about every scope
                    yield child
                else:
                    stack.append(iter(child.children))
                    break
            else:
                stack.pop()

    def scopes(self) -> Iterator[Scope]:
        """This scope and all inside it, outermost first."""
        stack: list[Scope] = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack += [child for child in reversed(scope.children) if type(child) is Scope]


def _label(children: tuple[Node | Scope, ...], value: int) -> str | None:
    """What the statements of a body call a value; that of a layer is behind its norm and activation."""
    label = None
    for child in children:
        if isinstance(child, Node):
            label = label if child.implicit else child.label
            if child.id == value:
                return label
        elif child.exit == value and child.kind != "aux":
            inner = child.kind in ("group", "repeat", "iteration")
            found = child.label or (_label(child.children, value) if inner else None)
            if found is not None:
                return found
    return None


class NetworkInput(Frozen):
    """A named input; `shape` without the batch. `vocabulary`: it is tokens, whole numbers from 0 and below this."""

    name: Word
    shape: Shape
    span: Span | None = None
    vocabulary: int | None = Field(None, exclude_if=lambda value: value is None)


class NamedOutput(Frozen):
    """An additional output of the network under a name (`output NAME`)."""

    name: Word
    value: int
    span: Span


class AuxHead(Frozen):
    """A side branch in training: its name, the loss weight, and the value it gives."""

    name: Word
    weight: float | None
    value: int
    span: Span


class Figure(Frozen):
    """A claim of the spec, `expect` or `reported`: `label.quantity = value`.

    `text` is the value as written (`144M`): the digits printed there say how exact the claim is.
    """

    label: str | None
    quantity: str
    value: Value
    text: str
    note: str | None = None
    span: Span


class Property(Frozen):
    """What the spec claims of every valid input, and of every value of some params: `domains` has these, each with the
    least and the most. `text` is the condition as written."""

    text: str
    domains: dict[Word, tuple[int, int]] = {}
    span: Span


class ShapeClaim(Frozen):
    """`-> CxHxW` behind a statement: the shape the value `value` must have."""

    shape: Shape
    value: int
    span: Span
    statement: Span


class Totals(Frozen):
    """The figures of the whole network, all exact integers, for one sample.

    `params` are the trainable ones without the aux heads, which are `aux_params`; `frozen_params` are those kept out
    of training; `buffers` count elements of running statistics. `macs` are without the aux heads (`aux_macs`). `depth`
    counts the weight layers on the longest path. `activations` is the sum of all values that layers give, `peak` the
    most that are alive at once when each value is dropped after its last use (inference, main path).
    """

    params: int
    aux_params: int
    frozen_params: int
    buffers: int
    macs: int
    aux_macs: int
    depth: int
    activations: int
    peak: int


FORMAT_VERSION = 2
"""Of the JSON of a network. 1 had no `format_version`, and nothing of what was written."""


class Network(Frozen):
    """A whole network. `complete` is False where errors left parts of it unknown.

    One that is not made by elaboration, as from JSON, is checked as a whole (`integrity`). `format_version` is that of
    the JSON that is written; what can be read has this one or one before.
    """

    format_version: int = FORMAT_VERSION
    name: str
    variant: str | None = None
    source: str | None = None
    inputs: tuple[NetworkInput, ...]
    settings: dict[str, Value] = {}
    body: Scope
    result: int
    outputs: tuple[NamedOutput, ...] = ()
    aux: tuple[AuxHead, ...] = ()
    shape_claims: tuple[ShapeClaim, ...] = ()
    expected: tuple[Figure, ...] = ()
    reported: tuple[Figure, ...] = ()
    properties: tuple[Property, ...] = Field((), exclude_if=operator.not_)
    train: Setting | None = None
    totals: Totals | None = None
    complete: bool = True
    sources: tuple[Source, ...] = ()
    definitions: dict[str, Definition] = Field({}, exclude_if=operator.not_)

    @model_validator(mode="before")
    @classmethod
    def _readable(cls, data: Any) -> Any:
        """Whether this version of netdsl knows the format; what is read has the format of today."""
        if not isinstance(data, dict):
            return data
        version = data.get("format_version", 1)
        if type(version) is not int or version < 1:
            raise ValueError(f"format_version: {version!r} is no version of the format")
        if version > FORMAT_VERSION:
            known = f"it has format {version}, and this netdsl reads formats up to {FORMAT_VERSION}"
            raise ValueError(f"format_version: the network was written by a newer netdsl: {known}")
        return {**data, "format_version": FORMAT_VERSION}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Whether its parts fit one another."""
        integrity.check(self)
        return self

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in topological order."""
        return tuple(self.body.nodes())

    @cached_property
    def shapes(self) -> tuple[Shape | None, ...]:
        """The shape of every value, by number."""
        return (*(item.shape for item in self.inputs), *(node.shape for node in self.nodes))

    @cached_property
    def aux_nodes(self) -> frozenset[int]:
        """The ids of the nodes inside aux heads, which exist in training only."""
        return frozenset(node.id for scope in self.body.scopes() if scope.kind == "aux" for node in scope.nodes())

    @cached_property
    def named(self) -> dict[str, Node | Scope]:
        """The parts of the network by what a spec can call them. A path names one part; a label may stand in several
        blocks, and then means the first."""
        parts: list[Node | Scope] = [scope for scope in self.body.scopes() if scope.kind != "net"]
        parts += self.nodes
        found: dict[str, Node | Scope] = {}
        for part in parts:
            found.setdefault(part.path, part)
        for part in parts:
            found.setdefault(part.label or "", part)
        return found

    def node(self, value: int) -> Node | None:
        """The node that gives value number `value`; None for an input."""
        return self.nodes[value - len(self.inputs)] if value >= len(self.inputs) else None

    def input_shapes(self, node: Node) -> tuple[Shape, ...] | None:
        """The shapes a node is applied to; None if one of them is unknown."""
        known = self.shapes
        shapes = tuple([known[value] for value in node.inputs])
        return None if None in shapes else shapes  # type: ignore[return-value]

    def weights(self, node: Node) -> dict[str, Weight]:
        """The tensors of a node's `state_dict`, by name; none where shapes are unknown or the weights are another
        node's."""
        shapes = self.input_shapes(node)
        return {} if shapes is None or node.shape is None or node.shares is not None else node.op.weights(shapes)

    def source_of(self, span: Span) -> Source | None:
        """The text a span points into."""
        return next((source for source in self.sources if source.name == span.file), None)

    def line(self, span: Span) -> int | None:
        """The line (from 1) where a span begins."""
        source = self.source_of(span)
        return source.position(span.start).line if source else None

    @property
    def input(self) -> Shape | dict[str, Shape]:
        """The input's shape, or the shapes by name where there are several."""
        if len(self.inputs) == 1:
            return self.inputs[0].shape
        return {item.name: item.shape for item in self.inputs}

    @property
    def output(self) -> Shape | None:
        """The shape of the network's result."""
        return self.shapes[self.result]

    @cached_property
    def returns(self) -> dict[str, int]:
        """What the network returns, by name: its result, unless that is given out already, and the named outputs.

        So where the last statement is an `output`, these are exactly the named values.
        """
        outputs = {item.name: item.value for item in self.outputs}
        return outputs if self.result in outputs.values() else {self.answer: self.result, **outputs}

    @cached_property
    def answer(self) -> str:
        """What the result is called where several values are returned: by its label; else `logits` where a softmax ends
        the network or the last layer is `fc`; else `result`."""
        label = _label(self.body.children, self.result)
        if label is not None:
            return label
        last = self.node(self.result)
        return "logits" if last is not None and (last.op.to_probabilities or last.op.to_logits) else "result"

    def _total(self, name: str) -> int:
        if self.totals is None:
            raise ValueError(f"the {name} of {self.name} is unknown: the network is not complete")
        value: int = getattr(self.totals, name)
        return value

    @property
    def params(self) -> int:
        """Trainable parameters, without the aux heads."""
        return self._total("params")

    @property
    def aux_params(self) -> int:
        """Trainable parameters of the aux heads."""
        return self._total("aux_params")

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample, without the aux heads."""
        return self._total("macs")

    @property
    def depth(self) -> int:
        """Weight layers on the longest path, as the papers count."""
        return self._total("depth")

    def __repr__(self) -> str:
        """One line: name, shapes and figures, at no cost however large the network is."""
        name = self.name if self.variant is None else f"{self.name}:{self.variant}"
        several = len(self.inputs) > 1
        given = ", ".join((f"{item.name}: " if several else "") + shape_text(item.shape) for item in self.inputs)
        figures = "incomplete"
        if self.complete and self.totals is not None:
            amounts = f"{amount(self.totals.params)} params, {amount(self.totals.macs)} MACs"
            figures = f"{amounts}, depth {self.totals.depth}"
        return f"Network({name!r}, {given} -> {shape_text(self.output)}, {figures})"

    __str__ = __repr__
