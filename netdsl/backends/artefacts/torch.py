"""PyTorch source, which stands alone: it needs torch, not netdsl. Its first line is the mark, with the spec's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.backends.artefact import Artefact

if TYPE_CHECKING:
    from netdsl.ir import Network


class Torch(Artefact):
    """`probabilities`: the module applies a final softmax, in place of giving logits. `for`: what it is compiled for,
    with a `target`."""

    endings = (".py",)
    comment = "# {}"
    partial = False
    options = ("probabilities", "for", "target")

    def render(self, network: Network, **options: Any) -> bytes:
        from netdsl.backends.torch import emit

        return emit(network, purpose=options.pop("for", None), sizes=True, **options).encode()

    def stamp(self, data: bytes) -> bytes:
        return data
