"""`embedding`: whole numbers as learned vectors."""

from __future__ import annotations

from pydantic import Field

from netdsl.ops.shared.base import Call, Family, Geometry, Operator, Saved, Torch, Weight
from netdsl.ops.shared.checks import bounded
from netdsl.ops.shared.fields import Count, Frozen
from netdsl.ops.shared.init import Initial, statements
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import OpError

EMBEDDING = '''class TokenEmbedding(nn.Embedding):
    """A learned vector for each whole number: N x T to N x units x T."""

    def forward(self, x: Tensor) -> Tensor:
        return F.embedding(x, self.weight).transpose(1, 2)
'''


class Embedding(Operator):
    """Embedding: `embedding-512` gives each token of the input its learned vector, T tokens to 512 x T.

    It reads an input of tokens, `input words: 128 of 30000`: 128 whole numbers below 30,000, for each of which it has a
    row. It counts no multiply-adds.

    Source: Bengio et al., A Neural Probabilistic Language Model, 2003, section 2. PyTorch: `nn.Embedding`.
    """

    family = Family.FULLY_CONNECTED
    geometry = Geometry(out="units")
    example_input = "128 of 30000"

    units: Count
    """Size of the vectors."""
    frozen: Frozen = False
    init: Initial = None
    vocabulary: Count | None = Field(None, repr=False)
    """How many tokens there are: the input says it."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if self.vocabulary is None or len(inputs[0]) != 1:
            raise OpError(
                f"`embedding` reads an input of tokens; these are numbers, {text(inputs[0])}",
                help="an input of tokens is `input words: 128 of 30000`, and `embedding` comes first",
            )
        return bounded(self.name, (self.units, inputs[0][0]))

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return {"weight": Weight((self.vocabulary or 0, self.units), not self.frozen)}

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The tokens, for the gradient of vectors that are trained."""
        return Saved() if self.frozen else Saved((0,))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        call = Call("TokenEmbedding", (self.vocabulary, self.units))
        return Torch(call, None, (EMBEDDING,), statements(self.init), self.frozen)

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        return self.model_copy(update={"init": None})
