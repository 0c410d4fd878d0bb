"""The syntax tree: what was written, with its place, and nothing more.

Plain frozen records. The tree knows no operator: `conv3-64/2(pad=1)` is an `Operation` with the head
`conv3`, and whether that is an operator with a kernel or a block is decided when the tree is elaborated.
Every node has a `span`.
"""

from __future__ import annotations

from typing import TypeAlias

from netdsl.syntax.node import node
from netdsl.text.source import Source, Span


@node
class Name:
    """An identifier, as written."""

    text: str
    span: Span


# Expressions -----------------------------------------------------------------------------------------


@node
class Literal:
    """A number, string, `true`, `false` or `none`. `text` is as written: `144M`, `40%`, `1e-4`.

    A number without a fraction or an exponent is an int (`60K` too); `40%` and `0.75` are floats. A float with a
    suffix that comes out whole (`1.8G`) is an int.
    """

    value: int | float | str | bool | None
    text: str
    span: Span


@node
class Dims:
    """`3x224x224`, `3x{n}x{n}`: two or more sizes joined by x, each a number or what stands in braces."""

    values: tuple[int | Expression, ...]
    span: Span


@node
class ListValue:
    """`[1, 2]`, which may nest."""

    items: tuple[Expression, ...]
    span: Span


@node
class Reference:
    """A name used as a value: a parameter, an index, or a bare word such as `same` or `relu`."""

    name: str
    span: Span


@node
class Element:
    """`depths[i]`: one of a list, counted from 0."""

    items: Expression
    index: Expression
    span: Span


@node
class Quantity:
    """`layer2.channels`: what is asked of the value of a label, of `input` or of `output`; in properties alone."""

    names: tuple[Name, ...]
    span: Span


@node
class Unary:
    """`-x`, `+x` or `not x`."""

    operator: str
    operand: Expression
    span: Span


@node
class Binary:
    """`+ - * / // % **`, the comparisons `== != < <= > >=`, `and`, `or`."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@node
class Conditional:
    """`then if test else otherwise`."""

    test: Expression
    then: Expression
    otherwise: Expression
    span: Span


@node
class Label:
    """`conv1:` or `denselayer{i + 1}:`; the expression's value is put after `text`, and `after` behind that."""

    text: str
    index: Expression | None
    span: Span
    after: str = ""


@node
class Seen:
    """What stands behind `@`, and in `reuse(...)`: a label, an input, or with a second part the output of a block call.

    `@conv1`, `@s{i}`, `@stage2.map0`: each part is read as a label is written.
    """

    parts: tuple[Label, ...]
    span: Span

    @property
    def text(self) -> str:
        """As written, where no part holds an expression; else the words around its expressions."""
        return ".".join([part.text + part.after for part in self.parts])


@node
class Argument:
    """`value`, or `name=value`. An argument that names a label, `like=@x`, has what is `Seen` as its value."""

    name: Name | None
    value: Expression
    span: Span


@node
class Call:
    """`min(a, b)`, or a value with settings: `leakyrelu(0.2)`, `sgd(lr=0.01)`."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


Expression: TypeAlias = (
    Literal | Dims | ListValue | Element | Reference | Quantity | Unary | Binary | Conditional | Call | Seen
)
"""A value. What is `Seen` is one only as the value of an argument."""


# Layer statements ------------------------------------------------------------------------------------


@node
class Body:
    """What stands between braces, a branch, a table cell: statements in order."""

    statements: tuple[Statement, ...]
    span: Span


@node
class Operation:
    """`HEAD geometry? arguments?`: an operator or a block call.

    `conv3-64/2(pad=1)` has the head `conv3` (digits and all; `conv1x7` too), `conv{k}-64` the head `conv`
    and the kernel `{k}`, `conv1x{k}-64` the kernel `1x{k}`. `out` follows `-`, `stride` follows `/`. `arguments` is
    None without parentheses. `branches` are the inputs that a call is given, `exchange(32) { @a | @b }`, or None.
    """

    head: Name
    kernel: Expression | None
    out: Expression | None
    stride: Expression | None
    arguments: tuple[Argument, ...] | None
    branches: tuple[Branch, ...] | None
    span: Span


@node
class BracketRow:
    """One row of a bracket block: `3x3, 64 /2, groups=32`."""

    kernel: Expression
    out: Expression
    stride: Expression | None
    arguments: tuple[Argument, ...]
    span: Span


@node
class Bracket:
    """`[1x1, 64; 3x3, 64; 1x1, 256]`, a residual building block."""

    rows: tuple[BracketRow, ...]
    span: Span


@node
class Group:
    """`{ ... }`."""

    body: Body
    span: Span


@node
class Branch:
    """One branch of a join or a call: a body, or `x3 as i { ... }`, which stands for as many branches."""

    body: Body
    repeat: Repeat | None
    span: Span


@node
class Join:
    """`concat`, `add`, `mul`, `max`, `mean` or `matmul` (in `kind`, lower case) of branches.

    With a `repeat`, `add x32 { ... }`, the whole list of them is written that many times.
    """

    kind: Name
    arguments: tuple[Argument, ...]
    repeat: Repeat | None
    branches: tuple[Branch, ...]
    span: Span


@node
class Residual:
    """`residual(...) { ... }`."""

    arguments: tuple[Argument, ...]
    body: Body
    span: Span


@node
class Aux:
    """`aux NAME(weight=0.3) { ... }`."""

    name: Name
    arguments: tuple[Argument, ...]
    body: Body
    span: Span


@node
class Goto:
    """`@name`: continue from the value of that label or input, or from an output of a block call, `@name.output`."""

    target: Seen
    span: Span


@node
class Reuse:
    """`reuse(name)`: apply the labelled layers again, with the same weights.

    `branches` are the inputs of a block that takes several.
    """

    target: Seen
    branches: tuple[Branch, ...] | None
    span: Span


@node
class Output:
    """`output name`: also return the current value under this name; `output name: item` the value of that item."""

    target: Seen
    item: Item | None
    span: Span


@node
class If:
    """`if test { ... } else { ... }`; `else if` is an `otherwise` of one `If`."""

    test: Expression
    then: Body
    otherwise: Body | None
    span: Span


Item: TypeAlias = Operation | Bracket | Group | Join | Residual | Aux | Goto | Reuse | Output | If


@node
class Repeat:
    """`x4`, `x{n}`, `x{n} as i`."""

    count: Expression
    index: Name | None
    span: Span


@node
class Layer:
    """A layer statement: `label: item xN /s -> CxHxW`.

    The claim is a `Dims`, an integer `Literal`, or what stood in braces.
    """

    label: Label | None
    item: Item
    repeat: Repeat | None
    stride: Expression | None
    claim: Expression | None
    span: Span


# The file --------------------------------------------------------------------------------------------


@node
class Net:
    name: Name
    span: Span


@node
class SourceNote:
    """`source "..."`: where the architecture comes from."""

    text: Literal
    span: Span


@node
class Input:
    """`input 3x224x224`, `input image: 3x224x224`, `input 784`, `input 128 of 30000`. The shape may be any expression.

    `vocabulary` is what stands behind `of`: the input is tokens, whole numbers below it.
    """

    name: Name | None
    shape: Expression
    vocabulary: Expression | None
    span: Span


@node
class Param:
    name: Name
    value: Expression
    span: Span


@node
class Default:
    operator: Name
    arguments: tuple[Argument, ...]
    span: Span


@node
class Use:
    path: Literal
    span: Span


@node
class Extends:
    path: Literal
    variant: Name | None
    arguments: tuple[Argument, ...]
    span: Span


@node
class Parameter:
    name: Name
    default: Expression | None
    span: Span


@node
class Taken:
    """An input of a block, behind `takes`: `high`, or `map x{n}`, which stands for `map0` to `map{n-1}`."""

    name: Name
    repeat: Repeat | None
    span: Span


@node
class Block:
    """`block NAME(parameters) takes inputs { body }`; without `takes` a block has one input, which has no name."""

    name: Name
    parameters: tuple[Parameter, ...]
    takes: tuple[Taken, ...]
    body: Body
    span: Span


@node
class TableRow:
    """One line of a table; a single cell spans all columns."""

    cells: tuple[Body, ...]
    span: Span


@node
class Table:
    columns: tuple[Name, ...]
    rows: tuple[TableRow, ...]
    span: Span


@node
class Expect:
    """`expect label.quantity = value`; `label` is None for the whole net, and may be dotted (`layer1.0`)."""

    label: Name | None
    quantity: Name
    value: Expression
    span: Span


@node
class Reported:
    label: Name | None
    name: Name
    value: Expression
    note: Literal | None
    span: Span


@node
class Domain:
    """`classes in 2..1000` behind a property: the whole numbers from `least` to `most`."""

    name: Name
    least: int
    most: int
    span: Span


@node
class Property:
    """`property condition [for domains]`: it holds for every valid input, and every value of these params."""

    condition: Expression
    domains: tuple[Domain, ...]
    span: Span


@node
class Train:
    arguments: tuple[Argument, ...]
    span: Span


@node
class Broken:
    """A statement with a syntax error, which has been reported: what it would have done is unknown."""

    span: Span


Statement: TypeAlias = (
    Layer
    | Broken
    | Net
    | SourceNote
    | Input
    | Param
    | Default
    | Use
    | Extends
    | Block
    | Table
    | Expect
    | Property
    | Reported
    | Train
)


@node
class Comment:
    """`# ...` to the end of the line, with the `#`."""

    text: str
    span: Span


@node
class File:
    source: Source
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    span: Span
