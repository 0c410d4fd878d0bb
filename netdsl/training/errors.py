"""What goes wrong in training and is not the spec's fault: told in a sentence, with the way out."""

from __future__ import annotations


class TrainingError(Exception):
    """Data, recipe, machine or checkpoint do not fit. `help` is what to do."""

    def __init__(self, message: str, help: str | None = None):
        super().__init__(message + (f"\nhelp: {help}" if help else ""))
        self.message, self.help = message, help
