"""A variant of a spec as the laws ask for it: its network, other inputs and params, its module; each made once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.compiler import Compilation, compile
from netdsl.ir import Network
from netdsl.passes.sizes import Inputs, valid_inputs
from netdsl.shapes import Shape
from netdsl.testing.laws._broken import Broken
from netdsl.text.source import Source

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Subject:
    """One variant of a spec (None: it has none), which is a file or a text."""

    spec: Path | Source
    variant: str | None = None

    @staticmethod
    def of(network: Network) -> Subject:
        """A network that was made of one text."""
        return Subject(network.sources[0], network.variant)

    def compile(self, shape: Shape | None = None, params: Mapping[str, Any] | None = None) -> Compilation:
        """The spec, with another input or other params."""
        return compile(self.spec, variant=self.variant, input=shape, params=params)

    @cached_property
    def compilation(self) -> Compilation:
        """The spec as it is written."""
        return self.compile()

    @property
    def network(self) -> Network:
        """Its network. Raises `Broken` where the spec is wrong."""
        found = self.compilation
        if not found.valid or found.network is None:
            raise Broken("\n".join(str(each) for each in found.report.errors) or "the file defines no network")
        return found.network

    @cached_property
    def inputs(self) -> Inputs | None:
        """The valid sizes of its input; None where they cannot be told from its layers alone."""
        found = valid_inputs(self.network)
        return None if found is None or any(each.asks for each in found.dimensions) else found

    def sizes(self, place: int) -> list[int]:
        """Valid sizes of a dimension, the smallest first: those that a test draws from."""
        inputs = self.inputs
        own = self.network.inputs[0].shape[place]
        if inputs is None or inputs.joint or self.network.inputs[0].vocabulary is not None:
            return [own]
        dimension = inputs.dimensions[place]
        if dimension.name == "channels" and len(inputs.dimensions) > 1:
            return [own]
        return list(islice(dimension.sizes.members(), 12))

    @cached_property
    def smallest(self) -> Network:
        """Its network for the smallest plane that trains: two values of each channel are too few for a norm."""
        shape = self.network.inputs[0].shape
        sizes = (next((n for n in self.sizes(place) if n > 1), own) for place, own in enumerate(shape))
        small = tuple(sizes)
        found = self.compile(small) if small != shape else self.compilation
        return found.network if found.valid and found.network is not None else self.network

    @cached_property
    def module(self) -> nn.Module:
        """The module of its smallest network, with the weights of seed 0."""
        from netdsl.backends.torch import build

        made: nn.Module = seeded(lambda: build(self.smallest))
        return made

    @cached_property
    def outline(self) -> nn.Module:
        """The module of its network on the meta device: shapes without values."""
        import torch

        from netdsl.backends.torch import build

        with torch.device("meta"):
            made: nn.Module = build(self.network)
        return made

    def forget(self) -> None:
        """Let go of all that was made."""
        for key in ("compilation", "inputs", "smallest", "module", "outline"):
            self.__dict__.pop(key, None)

    def tensors(self, network: Network | None = None, batch: int = 2, device: str = "cpu") -> list[torch.Tensor]:
        """Inputs for a network, the smallest unless given; always the same."""
        import torch

        def one(shape: Shape, vocabulary: int | None) -> torch.Tensor:
            if vocabulary is not None:
                return torch.randint(vocabulary, (batch, *shape), device=device)
            return torch.randn(batch, *shape, device=device)

        given = (network or self.smallest).inputs
        return seeded(lambda: [one(item.shape, item.vocabulary) for item in given])  # type: ignore[no-any-return]


def seeded(make: Any) -> Any:
    """What is made from seed 0; the state of the generator is as it was."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make()


def flat(output: Any) -> list[torch.Tensor]:
    """The tensors that a module returns."""
    return list(output) if isinstance(output, tuple) else [output]


def subjects(path: Path) -> Iterator[Subject]:
    """Every variant of a spec; of a file of blocks none. A wrong file is one subject, whose laws fail."""
    first = compile(path)
    if first.variants:
        yield from (Subject(path, variant) for variant in first.variants)
    elif first.network is not None or first.report.errors:
        yield Subject(path, None)
