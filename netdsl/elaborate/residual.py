"""Residual building blocks: `residual { ... }` and the rows in brackets of the ResNet tables.

`residual { body }` is `add { body | shortcut }` and an activation (He et al. 2015, equations 1 and 2). The shortcut is
the identity where the shapes agree; otherwise option B, a 1x1 projection, unless the spec asks for option A (`pad`) or
for `identity`, which must then fit; `always` is option C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl import ops
from netdsl.elaborate.arguments import Follower, Given, Problem, bind, follower
from netdsl.elaborate.draft import DraftScope
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.joins import branch as walk_branch
from netdsl.elaborate.operators import complete, place, size
from netdsl.elaborate.values import show
from netdsl.ops import Family, Operator
from netdsl.shapes import Shape, text
from netdsl.syntax import tree
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

if TYPE_CHECKING:
    from netdsl.elaborate.build import Builder

SETTINGS = ("shortcut", "stride_at", "act")
SHORTCUTS = ("projection", "pad", "identity", "always")
STRIDES = ("first", "spatial")


def _settings(frame: Frame, written: dict[str, Given], span: Span) -> tuple[str, str, Follower | None]:
    """The shortcut, the place of the stride, and the activation after the addition."""
    given = {**frame.defaults.get("residual", {}), **written}

    def choice(name: str, choices: tuple[str, ...]) -> str:
        if name not in given:
            return choices[0]
        value = given[name].value
        if value not in choices:
            raise Problem(
                "E0405",
                f"`{name}` (={show(value)}) must be one of {', '.join(choices)}",
                given[name].span,
                did_you_mean(str(value), choices),
            )
        return str(value)

    act = given.get("act") or frame.defaults.get("conv", {}).get("act")
    return (
        choice("shortcut", SHORTCUTS),
        choice("stride_at", STRIDES),
        follower("act", act, frame.defaults) if act is not None else None,
    )


def residual(builder: Builder, item: tree.Residual, frame: Frame, label: str | None, label_span: Span | None) -> None:
    """`residual(shortcut=..., act=...) { body }`, the body as it is written."""
    written = bind("residual", (), SETTINGS, item.arguments, builder.evaluator(frame).value, builder.terms(frame))
    shortcut, _, act = _settings(frame, written, item.span)
    scope, outer = builder.open("residual", item.span, title="residual", label=label, label_span=label_span)
    entry = builder.current
    try:
        exit = walk_branch(builder, item.body, frame, entry)
        branch = scope.children[-1]
        assert isinstance(branch, DraftScope)
        _finish(builder, frame, entry, exit, branch, shortcut, act, item.span, item.body.span)
    finally:
        builder.close(scope, outer)


def bracket(
    builder: Builder, item: tree.Bracket, frame: Frame, label: str | None, label_span: Span | None, stride: Given | None
) -> None:
    """`[1x1, 64; 3x3, 64; 1x1, 256] /2`: rows of conv under the defaults in force, the last without activation."""
    shortcut, stride_at, act = _settings(frame, {}, item.span)
    conv = ops.find("conv")
    rows = [_row(builder, frame, row, conv) for row in item.rows]
    if stride is not None:
        row = rows[_strided(rows, stride_at)]
        if row.strided:
            raise Problem("E0402", "the stride is given twice: in the row and behind the bracket", stride.span)
        row.values["stride"] = stride
    title = "; ".join(_title(row.values) for row in rows)
    outermost, before = builder.open("bracket", item.span, title=title, label=label, label_span=label_span)
    scope, outer = builder.open("residual", item.span, title="residual")
    entry = builder.current
    try:
        branch, around = builder.open("branch", item.span)
        try:
            for number, row in enumerate(rows, 1):
                act_after = None if number == len(rows) else row.act
                names = tuple(f"{each}{number}" if each else "" for each in (conv.name, _name(row.norm), _name(act_after)))
                place(builder, frame, conv, row.values, row.norm, act_after, row.span, given=names)  # type: ignore[arg-type]
        finally:
            builder.close(branch, around)
        _finish(builder, frame, entry, builder.current, branch, shortcut, act, item.span, item.span)
    finally:
        builder.close(scope, outer)
        builder.close(outermost, before)


class _Row(NamedTuple):
    """One row: the arguments of its convolution over the defaults, and whether it has a stride of its own."""

    values: dict[str, Given]
    norm: Follower | None
    act: Follower | None
    strided: bool
    span: Span


def _row(builder: Builder, frame: Frame, row: tree.Row, conv: type[Operator]) -> _Row:
    """The arguments of one row, its norm and its activation."""
    evaluator = builder.evaluator(frame)
    term = builder.terms(frame)
    written = {
        "kernel": Given(size(builder, row.kernel, evaluator), row.kernel.span, term(row.kernel)),
        "channels": Given(size(builder, row.out, evaluator), row.out.span, term(row.out)),
    }
    if row.stride is not None:
        written["stride"] = Given(size(builder, row.stride, evaluator), row.stride.span, term(row.stride))
    known = [name for name in conv.model_fields if name not in written]
    more = bind("conv", (), [*known, *conv.followed_by], row.arguments, evaluator.value, term)
    values, norm, act = complete(builder, conv, {**written, **more}, frame)
    return _Row(values, norm, act, "stride" in written or "stride" in more, row.span)


def _kernel(values: dict[str, Given]) -> tuple[int, int]:
    kernel = values["kernel"].value
    return kernel if isinstance(kernel, tuple) else (kernel, kernel)


def _strided(rows: list[_Row], stride_at: str) -> int:
    """The row that takes the stride: the first, or the first with a kernel over 1."""
    if stride_at == "first":
        return 0
    return next((place for place, row in enumerate(rows) if max(_kernel(row.values)) > 1), 0)


def _title(values: dict[str, Given]) -> str:
    return "x".join(map(str, _kernel(values))) + f", {values['channels'].value}"


def _finish(
    builder: Builder,
    frame: Frame,
    entry: int,
    exit: int,
    branch: DraftScope,
    shortcut: str,
    act: Follower | None,
    span: Span,
    body: Span,
) -> None:
    """The shortcut, the addition and its activation."""
    before, after = builder.shapes[entry], builder.shapes[exit]
    builder.current = entry
    scope, outer = builder.open("shortcut", span)
    try:
        if before is not None and after is not None and (before != after or shortcut == "always"):
            _shortcut(builder, frame, before, after, branch, shortcut, span, body)
    finally:
        builder.close(scope, outer)
    add = ops.find("add")()
    if None in (builder.shapes[exit], builder.shapes[scope.exit]):
        builder.current = exit
        node = builder.unknown(frame, span)
        node.op, node.inputs = add, (exit, scope.exit)
    else:
        builder.node(frame, add, (exit, scope.exit), span)
    if act is not None:
        builder.node(frame, act.op, (builder.current,), span, implicit=True, terms=act.terms)


def _shortcut(
    builder: Builder,
    frame: Frame,
    before: Shape,
    after: Shape,
    branch: DraftScope,
    shortcut: str,
    span: Span,
    body: Span,
) -> None:
    """What the current value must pass to have the shape of the body's output."""
    change = f"the body makes {text(after)} of {text(before)}"
    if shortcut == "identity":
        raise Problem(
            "E0302", f"{change}, and the shortcut is the identity", body, "use `shortcut=projection`, or keep the shape"
        )
    if len(before) != 3 or len(after) != 3:
        raise Problem("E0302", f"{change}, and a projection needs channels x height x width", body)
    stride = _stride(builder, before, after, branch)
    if stride is None:
        raise Problem(
            "E0302",
            f"{change}: no stride of a 1x1 convolution takes {text(before[1:])} to {text(after[1:])}",
            body,
            "pad the convolutions of the body so that a stride of s gives ceil(n / s)",
        )
    if shortcut == "pad":
        if after[0] < before[0]:
            raise Problem(
                "E0302",
                f"{change}: padding with zero channels cannot take channels away",
                body,
                "use `shortcut=projection`",
            )
        if stride != (1, 1):
            builder.node(
                frame,
                ops.find("maxpool").model_validate({"kernel": (1, 1), "stride": stride}),
                (builder.current,),
                span,
                implicit=True,
            )
        if after[0] > before[0]:
            op = ops.find("pad").model_validate({"sides": 0, "channels": (0, after[0] - before[0])})
            builder.node(frame, op, (builder.current,), span, implicit=True)
        return
    conv = ops.find("conv")
    norm = _norm(branch)
    values: dict[str, Given] = {
        name: given
        for name, given in frame.defaults.get("conv", {}).items()
        if name in ("bias", "init", "bias_init", "frozen")
    }
    fixed: dict[str, Any] = {"kernel": 1, "channels": after[0], "stride": stride}
    values.update({name: Given(value, span) for name, value in fixed.items()})
    place(builder, frame, conv, values, norm, None, span)


def _norm(branch: DraftScope) -> Follower | None:
    """The norm of the body: that of its last normalization."""
    norms = [node for node in branch.nodes() if node.op.family is Family.NORMALIZATION]
    return Follower(norms[-1].op, norms[-1].terms or {}) if norms else None


def _name(follower: Follower | None) -> str:
    return follower.op.name if follower else ""


def _stride(builder: Builder, before: Shape, after: Shape, branch: DraftScope) -> tuple[int, int] | None:
    """The stride of a 1x1 convolution that takes one plane to the other: that of the body where it fits."""
    total = [1, 1]
    for node in branch.nodes():
        shapes = tuple(builder.shapes[value] for value in node.inputs)
        window = node.op.window(shapes) if node.op.geometry.stride and node.shape is not None else None  # type: ignore[arg-type]
        if window is not None:
            total = [total[axis] * window.stride[axis] for axis in (0, 1)]

    def along(n: int, m: int, body: int) -> int | None:
        for stride in (body, -(-n // m) if m else 0):
            if stride > 0 and -(-n // stride) == m:
                return stride
        return None

    height, width = (along(before[axis], after[axis], total[axis - 1]) for axis in (1, 2))
    return None if height is None or width is None else (height, width)
