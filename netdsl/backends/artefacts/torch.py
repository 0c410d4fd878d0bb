"""PyTorch source, which stands alone: it needs torch, not netdsl. Its first line is the mark, with the spec's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from netdsl.backends.artefact import Artefact, RenderError

if TYPE_CHECKING:
    from netdsl.ir import Network


class Torch(Artefact):
    """`probabilities`: the module applies a final softmax, in place of giving logits. `for`: what it is compiled for,
    with a `target`, or with a `budget` of memory and the `batch` that is to fit it."""

    endings = (".py",)
    comment = "# {}"
    partial = False
    options = ("probabilities", "for", "target", "budget", "batch")

    def render(self, network: Network, **options: Any) -> bytes:
        from netdsl.backends.purpose.training import BudgetError
        from netdsl.backends.torch import emit

        try:
            return emit(network, purpose=options.pop("for", None), sizes=True, **options).encode()
        except BudgetError as problem:
            raise RenderError(str(problem)) from None

    def remarks(self, data: bytes) -> str:
        """How a network is trained in a budget, as its source says at the top."""
        found = re.search(r"^For training with .*?(?=\n\n)", data.decode(), re.M | re.S)
        return " ".join(found[0].split()) if found is not None else ""

    def stamp(self, data: bytes) -> bytes:
        return data
