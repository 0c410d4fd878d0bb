"""The module runs, in training and otherwise."""

from __future__ import annotations

from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, flat


class Forward(Law):
    """For the smallest valid input the module runs in training and in evaluation, and gives numbers."""

    def hold(self, subject: Subject) -> None:
        import torch

        for training in (True, False):
            with torch.no_grad():
                outputs = flat(subject.module.train(training)(*subject.tensors()))
            if not all(bool(torch.isfinite(each).all()) for each in outputs):
                raise Broken(f"in {'training' if training else 'evaluation'} it gives values that are no numbers")
