"""Pages in Markdown about operators, blocks and words of the language: what hover and completion show of them."""

from __future__ import annotations

from functools import cache

from netdsl import ops
from netdsl.elaborate.files import STANDARD, read, standard_blocks
from netdsl.ops.shared.reference import Parameter, choices, reference
from netdsl.syntax import tree
from netdsl.text.source import Source

FOLLOWERS = {"norm": "The normalization that follows it.", "act": "The activation that follows it."}
STATEMENTS = {
    "net": ("net NAME", "The network's name; without it, the file's stem."),
    "source": ('source "..."', "Where the architecture comes from."),
    "input": (
        "input 3x224x224",
        "The input: channels x height x width, features, or tokens (`128 of 30000`); never the batch.",
    ),
    "param": ("param NAME = expr", "A value that `--set NAME=value` and `extends` may change."),
    "default": ("default OP(arguments)", "Defaults of that operator from here on, inside its block or file."),
    "use": ('use "FILE"', "The blocks of another file."),
    "extends": (
        'extends "FILE" [variant V] [(NAME=value, ...)]',
        "This network is that one, with params set.",
    ),
    "block": ("block NAME(parameters) [takes inputs] { ... }", "A block, of one input or of those that it takes."),
    "table": ("table", "The variants of a family: a column each."),
    "expect": ("expect [LABEL.]QUANTITY = value", "A claim that must hold: params, macs, depth, output, ..."),
    "reported": (
        'reported [LABEL.]NAME = value ["note"]',
        "What the paper prints; recorded and shown, never an error.",
    ),
    "property": (
        "property CONDITION [for PARAM in LEAST..MOST]",
        "What must hold for every valid input, and every value of these params.",
    ),
    "train": ("train(loss=..., optimizer=..., ...)", "How the paper trains the network."),
}
ITEMS = {
    "residual": ("residual { ... }", "A body added to its shortcut, then the activation that conv has by default."),
    "aux": ("aux NAME(weight=0.3) { ... }", "A side branch, in training only."),
    "reuse": ("reuse(LABEL)", "The labelled layers again, with the same weights."),
    "output": ("output NAME[: item]", "Give the value out under this name, from the network or a block."),
    "if": ("if expr { ... } else { ... }", "One or the other, chosen while the network is built."),
}
QUANTITIES = {
    "params": "Trainable parameters, without aux heads.",
    "macs": "Multiply-accumulates of convolutions and matrix products for one sample, without biases.",
    "depth": "Weight layers, conv and fc, on the longest path.",
    "output": "The shape that comes out.",
    "field": "The receptive field in pixels of the input; all of it behind gap, fc, attention and recurrent layers.",
    "stride": "How far neighbours in the map are apart in the input, in pixels.",
    "memory": "Bytes alive at most at once in inference, in float32, without the weights.",
    "units": "Outputs of the weight layers.",
    "connections": "As LeCun counts: products and biases.",
    "frozen": "Parameters that are kept out of training.",
    "aux_params": "Trainable parameters of the aux heads.",
}


@cache
def operator(name: str) -> str:
    """The page of an operator, as `netdsl ops NAME` has it. Raises `KeyError` for an unknown one."""
    page = reference(ops.find(name))
    parts = [f"**{page.geometry}** ({page.family})", page.summary]
    if page.details:
        parts.append(page.details)
    if page.aliases:
        parts.append(f"Also written: {', '.join(page.aliases)}.")
    lines = [f"- {argument(each)}" for each in parameters(name)]
    return "\n\n".join([*parts, "\n".join(lines)] if lines else parts)


@cache
def parameters(name: str) -> tuple[Parameter, ...]:
    """The arguments of an operator, `norm` and `act` among them."""
    page = reference(ops.find(name))
    followed = ops.find(name).followed_by
    more = [Parameter(each, "", "none", words) for each, words in FOLLOWERS.items() if each in followed]
    return (*page.parameters, *more)


def argument(parameter: Parameter) -> str:
    """One argument in a line: its name and default, what it is for, and what it takes."""
    name = parameter.name if parameter.default is None else f"{parameter.name}={parameter.default}"
    words = parameter.description.rstrip(".")
    return f"`{name}`" + (f" {words}" if words else "") + (f": {parameter.type}" if parameter.type else "")


@cache
def values(name: str, key: str) -> tuple[str, ...]:
    """The words that an argument of an operator takes: `same`, `valid`, `tf` for `pad`, the activations for `act`."""
    if key in FOLLOWERS and key in ops.find(name).followed_by:
        family = ops.Family.NORMALIZATION if key == "norm" else ops.Family.ACTIVATION
        return ("none", *(each for each in ops.names() if ops.find(each).family == family))
    kinds = {each.name: each.type for each in reference(ops.find(name)).parameters}
    if kinds.get(key) == "true or false":
        return ("true", "false")
    return choices(ops.find(name), key)


def block(definition: tree.Block, source: Source) -> str:
    """The page of a block: how it is called, and the comment above it."""
    said = comment(definition, source)
    where = f"\n\nFrom {source.name}." if source.name.startswith("<std>") else ""
    return f"**{call(definition, source)}**" + (f"\n\n{said}" if said else "") + where


def call(definition: tree.Block, source: Source) -> str:
    """How a block is called, with the defaults of its parameters."""
    listed = [source.text[each.span.start : each.span.end] for each in definition.parameters]
    taken = [source.text[each.span.start : each.span.end] for each in definition.takes]
    inputs = f" {{ {' | '.join(taken)} }}" if len(taken) > 1 else ""
    return f"{definition.name.text}({', '.join(listed)}){inputs}"


def comment(definition: tree.Block, source: Source) -> str:
    """The comment right above a block, or above those it stands together with."""
    said: list[str] = []
    line = source.position(definition.span.start).line - 1
    while line > 0 and source.line(line).lstrip().startswith("#"):
        said.insert(0, source.line(line).lstrip().removeprefix("#").strip())
        line -= 1
    return " ".join(said)


@cache
def standard(name: str) -> tuple[tree.Block, Source] | None:
    """The block of the standard library called `name`, and the file that it is in."""
    from netdsl.syntax import parse
    from netdsl.text.diagnostics import Report

    file = standard_blocks().get(name)
    if file is None:
        return None
    parsed = parse(read(STANDARD / file, f"<std>/{file}"), Report())
    found = (each for each in parsed.statements if isinstance(each, tree.Block) and each.name.text == name)
    return next(((each, parsed.source) for each in found), None)
