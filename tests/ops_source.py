"""An operator's PyTorch source, executed: a file with the classes that it needs, its module, inputs for it."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

import torch

from netdsl.ops import Call, Operator
from netdsl.ops.conv import Conv
from netdsl.ops.embedding import Embedding
from netdsl.shapes import Shape
from netdsl.testing.cases import Case

BARE = "parameter"
"""What the sources of these tests call a parameter that the module around an operator holds."""

HEADER = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"


def multiplied(op: Operator, inputs: tuple[Shape, ...]) -> int:
    """The products that the module computes: those of the operator, but for a table of connections, whose absent links
    are zeros of one kernel."""
    if not (isinstance(op, Conv) and op.connect is not None):
        return op.macs(inputs)
    return op.macs(inputs) // op.links * op.channels * inputs[0][0]


def text(call: Call) -> str:
    """A call as source."""
    arguments = [repr(item) for item in call.args] + [f"{key}={item!r}" for key, item in call.kwargs.items()]
    return f"{call.function}({', '.join(arguments)})"


def source(case: Case) -> str:
    """A file with the classes an operator needs and `build()`, which makes its module."""
    made = case.op.torch(case.inputs)
    assert made.module is not None or made.expression is not None
    parts = [HEADER, *made.definitions]
    for definition in made.definitions:
        assert definition.startswith("class ")
    if made.expression is not None:
        names = [f"x{index}" for index in range(len(case.inputs))]
        body = made.expression.format(*names, all=", ".join(names), m=f"self.{BARE}")
        takes = ", ".join(f"{name}: Tensor" for name in names)
        head = "class Join(nn.Module):\n"
        if made.module is not None:  # a parameter of the module around
            head += f"    def __init__(self):\n        super().__init__()\n        self.{BARE} = nn.Parameter({text(made.module)})\n"
        parts.append(f"{head}    def forward(self, {takes}) -> Tensor:\n        return {body}\n")
    call = "Join()" if made.expression is not None else text(made.module)  # type: ignore[arg-type]
    drawn = f"m.{BARE}" if made.expression is not None else "m"
    lines = [f"m = {call}", *(statement.format(m=drawn) for statement in made.init)]
    lines += ["m.requires_grad_(False)"] * made.frozen + ["return m"]
    return "\n\n".join([*parts, "def build():\n" + "\n".join("    " + line for line in lines) + "\n"])


@cache
def load(written: str) -> ModuleType:
    """The file as a module that pickle and TorchScript can look into."""
    import linecache

    name = f"drawn_{abs(hash(written))}"
    module = ModuleType(name)
    linecache.cache[f"<{name}>"] = (len(written), None, written.splitlines(True), f"<{name}>")
    module.__file__ = f"<{name}>"
    sys.modules[name] = module
    exec(compile(written, f"<{name}>", "exec"), module.__dict__)
    return module


def build(case: Case, device: str = "cpu") -> torch.nn.Module:
    """The operator's module, from its source."""
    with torch.device(device):
        module: torch.nn.Module = load(source(case)).build()
    return module


def tensors(case: Case, device: str = "cpu", batch: int = 2) -> list[torch.Tensor]:
    """Random inputs."""
    if isinstance(case.op, Embedding):  # whole numbers
        return [torch.randint(case.op.vocabulary or 1, (batch, *shape), device=device) for shape in case.inputs]
    return [torch.randn(batch, *shape, device=device) for shape in case.inputs]
