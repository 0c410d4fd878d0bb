"""The shapes of the spec are those of the module, for valid inputs of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given as drawn
from hypothesis import strategies as st

from netdsl.ir import Network
from netdsl.shapes import text
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._settings import usual
from netdsl.testing.laws._subject import Subject, flat

if TYPE_CHECKING:
    from torch import nn


class Shapes(Law):
    """For drawn valid inputs, each layer and label gives the shape that the spec says, on the meta device."""

    def hold(self, subject: Subject) -> None:
        import torch

        from netdsl.backends.torch import build

        sizes = [st.sampled_from(subject.sizes(place)) for place in range(len(subject.network.inputs[0].shape))]

        @usual(6)
        @drawn(st.tuples(*sizes))
        def law(shape: tuple[int, ...]) -> None:
            made = subject.compile(shape)
            wrong = [each for each in made.report.errors if not each.code.startswith("E05")]
            if made.network is None or wrong:
                raise Broken(f"{text(shape)} should be valid: {wrong[0] if wrong else 'there is no network'}")
            with torch.device("meta"):
                module = build(made.network)
            compare(subject, made.network, module, shape)

        law()


def compare(subject: Subject, network: Network, module: nn.Module, shape: tuple[int, ...]) -> None:
    """Hold the module of a network, on the meta device, against its shapes."""
    import torch

    seen: dict[str, list[tuple[int, ...]]] = {}

    def note(path: str) -> None:
        def hook(_module: object, _inputs: object, output: object) -> None:
            if isinstance(output, torch.Tensor):
                seen.setdefault(path, []).append(tuple(output.shape[1:]))

        modules[path].register_forward_hook(hook)

    modules = dict(module.named_modules())
    parts = [(node.path, node.id) for node in network.nodes if node.op.weighted and node.id not in network.aux_nodes]
    parts += [(scope.path, scope.exit) for scope in network.body.scopes() if scope.kind == "block" and scope.label]
    wanted = {path: network.shapes[value] for path, value in parts if path in modules and path}
    for path in wanted:
        note(path)
    given = subject.tensors(network, device="meta")
    outputs = flat(module.eval()(*given))
    for path, shapes in seen.items():
        if wanted[path] not in shapes:
            gives = " or ".join(text(each) for each in shapes)
            raise Broken(f"for {text(shape)}, `{path}` is {text(wanted[path])} in the spec and gives {gives}")
    for (name, value), output in zip(network.returns.items(), outputs, strict=True):
        if tuple(output.shape[1:]) != network.shapes[value]:
            raise Broken(
                f"for {text(shape)}, `{name}` is {text(network.shapes[value])} and gives {tuple(output.shape)}"
            )
    trained = module.train()(*given) if network.aux else None
    for head in network.aux:
        given_by_head = tuple(getattr(trained, head.name).shape[1:])
        if given_by_head != network.shapes[head.value]:
            said, gives = text(network.shapes[head.value]), text(given_by_head)
            raise Broken(f"for {text(shape)}, the aux head `{head.name}` is {said} and gives {gives}")
