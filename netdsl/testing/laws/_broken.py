"""What is raised where a spec does not keep a law."""

from __future__ import annotations


class Broken(AssertionError):
    """A law that a spec does not keep; the message is for its author."""
