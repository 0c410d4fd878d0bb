"""A convolution taken apart as it is written, so that others like it can be written in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from netdsl import ops
from netdsl.analysis.rewrite._spec import Refusal, Spec
from netdsl.ops.conv import Conv
from netdsl.syntax import tree

_HEAD = re.compile(r"(.*?)\d+(?:[x×]\d+)?")
Sides = tuple[int, ...]


@dataclass(frozen=True)
class Written:
    """The parts of `conv5-64/2(pad=2)`, or of the row `5x5, 64 /2, pad=2`, each as text.

    `op` is the operator it made; where it made several, they are equal in all that is read here.
    """

    name: str | None
    kernel: tuple[int, int]
    out: str
    stride: str | None
    arguments: tuple[tuple[str, str], ...]
    op: Conv

    def like(self, kernel: tuple[int, int], out: str | None = None, stride: str | None = None) -> Written:
        """One with the same arguments, and another kernel, channels and stride."""
        rest = tuple(each for each in self.arguments if each[0] != "stride")
        return replace(self, kernel=kernel, out=self.out if out is None else out, stride=stride, arguments=rest)

    def having(self, **arguments: str) -> Written:
        """One with these arguments in place of its own, or behind them."""
        kept = [(name, arguments.pop(name, value)) for name, value in self.arguments]
        return replace(self, arguments=(*kept, *arguments.items()))

    def lacking(self, *names: str) -> Written:
        """One without these arguments."""
        return replace(self, arguments=tuple(each for each in self.arguments if each[0] not in names))

    def padded(self, sides: Sides) -> Written:
        """One with a padding by numbers."""
        top, bottom, left, right = sides
        if len(set(sides)) == 1:
            return self.having(pad=str(top))
        if top == bottom and left == right:
            return self.having(pad=f"{top}x{left}")
        return self.having(pad=str(list(sides)))

    @property
    def step(self) -> str | None:
        """Its stride, wherever it is written."""
        return self.stride or dict(self.arguments).get("stride")

    @property
    def text(self) -> str:
        """It as a statement's item, or as a row."""
        arguments = [f"{name}={value}" for name, value in self.arguments]
        height, width = self.kernel
        if self.name is None:
            return ", ".join([f"{height}x{width}", self.out + (f" /{self.stride}" if self.stride else ""), *arguments])
        kernel = str(height) if height == width else f"{height}x{width}"
        stride = f"/{self.stride}" if self.stride else ""
        return f"{self.name}{kernel}-{self.out}{stride}" + (f"({', '.join(arguments)})" if arguments else "")


def is_conv(spec: Spec, item: object) -> bool:
    """Whether an item is written as a convolution."""
    if not isinstance(item, tree.Operation) or item.head.text in spec.blocks:
        return False
    return (ops.resolve(item.head.text) or ("",))[0] == "conv"


def written(spec: Spec, item: tree.Operation | tree.BracketRow, stride: str | None = None) -> Written:
    """The parts of a convolution; `stride` is the one behind its statement. Raises `Refusal` where a part is not
    written out, or the convolution cannot be replaced."""
    made = spec.convs(item.span)
    if not made:
        raise Refusal("no variant has this layer")
    op = made[0][1].op
    assert isinstance(op, Conv)
    kernels = {node.op.kernel for _, node in made if isinstance(node.op, Conv)}
    if len(kernels) > 1:
        raise Refusal("its kernel differs from call to call", "write the large one out where it is called")
    if any(node.shares is not None for _, node in made):
        raise Refusal("its weights are another layer's")
    if op.connect is not None:
        raise Refusal("`connect` is for this kernel alone")
    if len(op.kernel) != 2:
        raise Refusal("it is no convolution over a plane")
    if op.dilation != (1, 1):
        raise Refusal("it is dilated", "a smaller dilation, or a stack of dilated layers, is another network")
    arguments = []
    for argument in item.arguments or ():
        if argument.name is None:
            raise Refusal("it has an argument without a name", "give its name")
        arguments.append((argument.name.text, spec.text(argument.value.span)))
    if spec.commented(item.span):
        raise Refusal("a comment stands inside it", "put the comment before the statement")
    if item.out is None or any(name in ("kernel", "channels") for name, _ in arguments):
        raise Refusal("its kernel or channels are not in its notation", "write it as in `conv5-64`")
    name = None
    if isinstance(item, tree.Operation):
        head = _HEAD.fullmatch(item.head.text)
        if item.kernel is not None or head is None:
            raise Refusal("its kernel is an expression", "write the number")
        name = head[1]
    elif not isinstance(item.kernel, tree.Dims | tree.Literal):
        raise Refusal("its kernel is an expression", "write the number")
    own = spec.expression(item.stride) if item.stride is not None else stride
    return Written(name, op.kernel, spec.expression(item.out), own, tuple(arguments), op)
