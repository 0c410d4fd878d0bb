"""W0601: an input whose sizes look as if one of them lacked, was too many, or stood in another place."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.shapes import Shape, text


class OddInput(Rule):
    code = "W0601"
    once = True
    early = True
    why = (
        "The number of sizes says what an input is: CxL a sequence, CxHxW an image, CxDxHxW a clip. A plane without "
        "its channel is read as a sequence, a batch in front makes a clip of an image, and channels that come last are "
        "read as the width, all without an error."
    )

    def find(self, subject: Subject) -> Warnings:
        for item in subject.network.inputs:
            found = odd(item.shape)
            if found is not None and item.span is not None:
                message, meant = found
                yield self.warning(message, item.span, help=f"write `input {text(meant)}` if that is what is meant")


def odd(shape: Shape) -> tuple[str, Shape] | None:
    """What an input seems to be, and how that is written; None where nothing is odd."""
    match shape:
        case (height, width) if height == width > 3:
            return f"{text(shape)} is a sequence of {height} channels; a plane lacks its channel", (1, *shape)
        case (batch, 1 | 3, height, width) if batch == 1 or height == width > 3:
            channels = f"{batch} channel{'s' * (batch != 1)}"
            return f"{text(shape)} is a clip of {channels}; a batch is no part of an input", shape[1:]
        case (height, width, 1 | 3 as channels) if height == width > 3:
            return f"{text(shape)} is a map of {height} channels; channels come first", (channels, height, width)
    return None
