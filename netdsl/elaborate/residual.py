"""Residual building blocks: `residual { ... }`, and the rows in brackets of the ResNet tables.

`residual { body }` is `add { body | shortcut }` and an activation (He et al. 2015, equations 1 and 2). The shortcut is
the identity where the shapes agree; otherwise option B, a 1x1 projection, unless the spec asks for option A (`pad`) or
for `identity`, which must then fit; `always` is option C. With `same` nothing is added where the body changes the shape
(Sandler et al., MobileNetV2, 2018, Figure 4).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl import ops
from netdsl.elaborate.arguments import bind, field_names
from netdsl.elaborate.branches import branch
from netdsl.elaborate.build import Builder
from netdsl.elaborate.construct import bare
from netdsl.elaborate.draft import DraftScope
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.operators import Follower, Written, complete, follower, place, size
from netdsl.elaborate.problems import Problem
from netdsl.elaborate.values import Given, show
from netdsl.ops import Family
from netdsl.shapes import Shape, text
from netdsl.syntax import tree
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

SETTINGS = ("shortcut", "stride_at", "act")
SHORTCUTS = ("projection", "pad", "identity", "always", "same")
STRIDES = ("first", "spatial")


class Settings(NamedTuple):
    """The kind of shortcut, which row of a bracket takes the stride, and the activation after the addition."""

    shortcut: str
    stride_at: str
    act: Follower | None


def _settings(frame: Frame, written: dict[str, Given]) -> Settings:
    """What is written in the parentheses, over the defaults in force."""
    given = {**frame.defaults.get("residual", {}), **written}

    def choice(name: str, choices: tuple[str, ...]) -> str:
        value, span, _ = given.get(name, (choices[0], None, None))
        if value not in choices:
            message = f"`{name}` (={show(value)}) must be one of {', '.join(choices)}"
            raise Problem("E0405", message, span, did_you_mean(str(value), choices))
        return str(value)

    act = given.get("act") or frame.defaults.get("conv", {}).get("act")
    return Settings(choice("shortcut", SHORTCUTS), choice("stride_at", STRIDES), follower("act", act, frame))


def residual(builder: Builder, item: tree.Residual, frame: Frame, label: tree.Name | None) -> None:
    """`residual(shortcut=..., act=...) { body }`, the body as it is written."""
    found = _settings(frame, bind("residual", (), SETTINGS, item.arguments, builder.evaluator(frame).given))
    with builder.scope("residual", item.span, "residual", label):
        with builder.scope("branch", item.body.span) as body:
            branch(builder, item.body, frame.inner())
        _finish(builder, frame, body, found, item.span)


class _Convolution(NamedTuple):
    """One row: its convolution, and whether it has a stride of its own."""

    written: Written
    strided: bool
    span: Span

    @property
    def kernel(self) -> tuple[int, int]:
        kernel = self.written.values["kernel"].value
        return kernel if isinstance(kernel, tuple) else (kernel, kernel)

    @property
    def title(self) -> str:
        return "x".join(map(str, self.kernel)) + f", {self.written.values['channels'].value}"


def bracket(
    builder: Builder, item: tree.Bracket, frame: Frame, label: tree.Name | None, stride: Given | None = None
) -> None:
    """The rows under the defaults in force, the last without activation, and the shortcut around them."""
    found = _settings(frame, {})
    rows = [_row(builder, frame, row) for row in item.rows]
    if stride is not None:
        _give_stride(rows, stride, found.stride_at)
    title = "; ".join(row.title for row in rows)
    with builder.scope("bracket", item.span, title, label), builder.scope("residual", item.span, "residual"):
        with builder.scope("branch", item.span) as body:
            for number, row in enumerate(rows, 1):
                written = row.written if number < len(rows) else row.written._replace(act=None)
                following = (written.norm, written.act)
                names = (f"conv{number}", *(f"{each.op.name}{number}" if each else None for each in following))
                place(builder, frame, written, row.span, given=names)
        _finish(builder, frame, body, found, item.span)


def _row(builder: Builder, frame: Frame, row: tree.BracketRow) -> _Convolution:
    """One row as a convolution."""
    evaluator, conv = builder.evaluator(frame), ops.find("conv")
    written = {"kernel": size(row.kernel, evaluator), "channels": size(row.out, evaluator)}
    if row.stride is not None:
        written["stride"] = size(row.stride, evaluator)
    known = [name for name in field_names(conv) if name not in written]
    written |= bind("conv", (), [*known, *conv.followed_by], row.arguments, evaluator.given)
    return _Convolution(complete(conv, written, frame), "stride" in written, row.span)


def _give_stride(rows: list[_Convolution], stride: Given, where: str) -> None:
    """Give the stride behind a bracket to one of its rows: the first, or the first with a kernel over 1."""
    row = rows[0]
    if where == "spatial":
        row = next((each for each in rows if max(each.kernel) > 1), row)
    if row.strided:
        raise Problem("E0402", "the stride is given twice: in the row and behind the bracket", stride.span)
    row.written.values["stride"] = stride


def _finish(builder: Builder, frame: Frame, body: DraftScope, found: Settings, span: Span) -> None:
    """What follows the body of a residual block: the shortcut, the addition and its activation."""
    before, after = builder.shapes[body.entry], builder.shapes[body.exit]
    other = before is not None and after is not None and before != after
    if not (other and found.shortcut == "same"):
        builder.current = body.entry
        with builder.scope("shortcut", span) as shortcut:
            if before is not None and after is not None and (other or found.shortcut == "always"):
                _shortcut(builder, frame, before, after, body, found.shortcut, span)
        builder.node(frame, bare("add"), (body.exit, shortcut.exit), span)
    if found.act is not None:
        builder.node(frame, found.act.op, (builder.current,), span, implicit=True, terms=found.act.terms)


def _shortcut(
    builder: Builder, frame: Frame, before: Shape, after: Shape, body: DraftScope, kind: str, span: Span
) -> None:
    """What the current value must pass to have the shape of the body's output."""

    def misfit(why: str, help: str | None = None) -> Problem:
        return Problem("E0302", f"the body makes {text(after)} of {text(before)}{why}", body.span, help)

    if kind == "identity":
        raise misfit(", and the shortcut is the identity", "use `shortcut=projection`, or keep the shape")
    if len(before) < 2 or len(after) != len(before):
        raise misfit(", and a projection needs maps of one rank")
    stride = _stride(builder, before, after, body)
    if stride is None:
        planes = f"{text(before[1:])} to {text(after[1:])}"
        help = "pad the convolutions of the body so that a stride of s gives ceil(n / s)"
        one = "x".join("1" * (len(before) - 1))
        raise misfit(f": no stride of a {one} convolution takes {planes}", help)
    if kind != "pad":
        _project(builder, frame, body, after[0], stride, span)
        return
    more = after[0] - before[0]
    if more < 0:
        raise misfit(": padding with zero channels cannot take channels away", "use `shortcut=projection`")
    if max(stride) > 1:
        pool = ops.find("maxpool").model_validate({"kernel": 1, "stride": stride})
        builder.node(frame, pool, (builder.current,), span, implicit=True)
    if more:
        pad = ops.find("pad").model_validate({"sides": 0, "channels": (0, more)})
        builder.node(frame, pad, (builder.current,), span, implicit=True)


def _project(
    builder: Builder, frame: Frame, body: DraftScope, channels: int, stride: tuple[int, ...], span: Span
) -> None:
    """A 1x1 convolution, with the norm that comes last in the body."""
    norms = [Follower(node.op, node.terms or {}) for node in body.nodes() if node.op.family is Family.NORMALIZATION]
    defaults = frame.defaults.get("conv", {})
    kept = {name: defaults[name] for name in defaults if name in ("bias", "init", "bias_init", "frozen")}
    fixed: dict[str, Any] = {"kernel": 1, "channels": channels, "stride": stride}
    values = {**kept, **{name: Given(value, span) for name, value in fixed.items()}}
    place(builder, frame, Written(ops.find("conv"), values, norms[-1] if norms else None, None), span)


def _stride(builder: Builder, before: Shape, after: Shape, body: DraftScope) -> tuple[int, ...] | None:
    """The stride of a 1x1 convolution that takes one plane to the other: that of the body where it fits."""
    total = [1] * (len(before) - 1)
    for node in body.nodes():
        shapes = tuple(builder.shapes[value] for value in node.inputs)
        window = node.op.window(shapes) if node.op.geometry.stride and node.shape is not None else None  # type: ignore[arg-type]
        if window is not None and len(window.stride) == len(total):
            total = [own * stride for own, stride in zip(total, window.stride, strict=True)]

    def along(n: int, m: int, own: int) -> int | None:
        for stride in (own, -(-n // m) if m else 0):
            if stride > 0 and -(-n // stride) == m:
                return stride
        return None

    found = tuple(along(*sizes) for sizes in zip(before[1:], after[1:], total, strict=True))
    return None if None in found else found  # type: ignore[return-value]
