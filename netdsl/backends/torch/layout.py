"""Constructions to text, laid out as `ruff format` would at 120 columns."""

from __future__ import annotations

import keyword
from typing import Any

from netdsl.backends.torch.construct import Chain, Construct, Container, Run, Symbol

WIDTH = 120
DEFAULTS: dict[str, dict[str, Any]] = {
    "nn.Conv2d": {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
}
"""Keywords of PyTorch whose defaults are not written out; an instance that leaves one out has its default."""


def literal(value: Any) -> str:
    """A constant as Python source. Strings are quoted with double quotes, as formatters want them."""
    if isinstance(value, Symbol):
        return value.text
    if isinstance(value, str):
        text = repr(value)
        return '"' + text[1:-1] + '"' if text[0] == "'" and '"' not in text else text
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, float):
        return _float(value)
    return repr(value)


def _float(value: float) -> str:
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def render(value: Any, indent: int, before: int = 0, after: int = 0) -> str:
    """The text of a construction in a line indented by `indent`, with `before` characters before it and `after`
    behind."""
    if not isinstance(value, Construct | Chain | Container | Run):
        text = literal(value)
        if indent + before + len(text) + after <= WIDTH or not isinstance(value, tuple):
            return text
        value = _Tuple(tuple((str(index), item) for index, item in enumerate(value)))
    flat = _flat(value)
    if flat is not None and indent + before + len(flat) + after <= WIDTH:
        return flat
    opening, items, closing, spread = _parts(value)
    inner = indent + 4
    pad = " " * inner
    if not spread:
        texts = [_flat_item(item) for item in items]
        if None not in texts:
            joined = ", ".join(text for text in texts if text is not None)
            if inner + len(joined) <= WIDTH and len(items) > 0:
                return f"{opening}\n{pad}{joined}\n{' ' * indent}{closing}"
    lines = [
        f"{pad}{prefix}{render(item, inner, len(prefix), len(suffix) + 1)}{suffix}," for prefix, item, suffix in items
    ]
    if len(items) == 1:
        lines = [lines[0][:-1]]  # a formatter puts no comma behind a single argument
    return "\n".join([opening, *lines, " " * indent + closing])


def _flat_item(item: tuple[str, Any, str]) -> str | None:
    text = _flat(item[1])
    return None if text is None else item[0] + text + item[2]


def _flat(value: Any) -> str | None:
    """The text in one line; None for what is better spread over several."""
    if isinstance(value, Run):
        return _run(value)
    if isinstance(value, _Keyed):
        return _run(value.items[0][1], keyed=True)
    if not isinstance(value, Construct | Chain | Container):
        return literal(value)
    opening, items, closing, spread = _parts(value)
    if spread:
        return None
    texts = [_flat_item(item) for item in items]
    return None if None in texts else opening + ", ".join(text for text in texts if text is not None) + closing


def _parts(value: Any) -> tuple[str, list[tuple[str, Any, str]], str, bool]:
    """Opening, items (what stands before each, it, what stands behind), closing, and whether it is always spread."""
    if isinstance(value, Construct):
        name = value.function if isinstance(value.function, str) else value.function.name
        closing = ").requires_grad_(False)" if value.frozen else ")"
        usual = DEFAULTS.get(name, {})
        items = [
            (f"{a.keyword}=" if a.keyword else "", a.value, "")
            for a in value.arguments
            if a.keyword not in usual or a.value != usual[a.keyword] or type(a.value) is not type(usual[a.keyword])
        ]
        return f"{name}(", items, closing, False
    if isinstance(value, Container):
        return "nn.ModuleDict(", [("", _Dict(value.items), "")], ")", False
    if isinstance(value, _Dict):
        return "{", [(f"{literal(key)}: ", item, "") for key, item in value.items], "}", len(value.items) > 1
    if isinstance(value, _Ordered):
        names = [key for key, _ in value.items]
        if all(key.isidentifier() and not keyword.iskeyword(key) for key in names) and not _runs(value):
            return "OrderedDict(", [(f"{key}=", item, "") for key, item in value.items], ")", len(value.items) > 1
        if len(value.items) == 1 and _runs(value):
            return "OrderedDict(", [("", _Keyed(value.items), "")], ")", False
        return "OrderedDict(", [("", _List(value.items), "")], ")", False
    if isinstance(value, _List):
        return (
            "[",
            [
                ("*", _Keyed(((key, item),)), "") if isinstance(item, Run) else ("", _Pair(((key, item),)), "")
                for key, item in value.items
            ],
            "]",
            len(value.items) > 1,
        )
    if isinstance(value, _Tuple):
        return "(", [("", item, "") for _, item in value.items], ")", False
    if isinstance(value, _Pair):
        ((key, item),) = value.items
        return "(", [("", key, ""), ("", item, "")], ")", False
    assert isinstance(value, Chain)
    if _plain(value):
        items = [("*" if isinstance(item, Run) else "", item, "") for _, item in value.items]
        return "nn.Sequential(", items, ")", len(items) > 1
    return "nn.Sequential(", [("", _Ordered(value.items), "")], ")", False


class _Dict(Chain):
    pass


class _Ordered(Chain):
    pass


class _List(Chain):
    pass


class _Pair(Chain):
    pass


class _Tuple(Chain):
    pass


class _Keyed(Chain):
    """A loop in a list of pairs."""


def _runs(value: Chain) -> bool:
    return any(isinstance(item, Run) for _, item in value.items)


def _plain(value: Chain) -> bool:
    """Whether the keys are 0, 1, 2, ...: then they need not be written."""
    at: int | None = 0
    for key, item in value.items:
        if at is None or key != str(at):
            return False
        if isinstance(item, Run):
            at = None if isinstance(item.count, Symbol) else at + item.count
        else:
            at += 1
    return True


def _run(run: Run, keyed: bool = False) -> str:
    """A loop as a comprehension: of modules, or of pairs of a key and a module."""
    steps = iter(run.steps)
    moving = any(step != 0 for step in run.steps)

    def moved(value: Any) -> Any:
        step = next(steps)
        if isinstance(step, int) and step == 0:
            return value
        factor = "i" if step == 1 else f"{literal(step)} * i"
        return Symbol(factor if value == 0 else f"{literal(value)} + {factor}")

    first = run.first.substitute(iter([moved(value) for _, value in run.first.constants()]))
    text = _flat(first)
    count = literal(run.count)
    if not keyed:
        return f"[{text} for {'i' if moving else '_'} in range({count})]"
    prefix, number = run.key
    index = f"i + {number}" if number else "i"
    return f'[(f"{prefix}{{{index}}}", {text}) for i in range({count})]'


__all__ = ["WIDTH", "literal", "render"]
