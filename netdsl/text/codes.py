"""The codes of all messages, with what each is about.

A code never changes its meaning and is never used again for something else, so people can look it up and scripts can
rely on it. A test checks that the table has exactly the codes that the program uses.
"""

from __future__ import annotations

RANGES = {
    "E00": "files and limits",
    "E01": "syntax",
    "E02": "names",
    "E03": "shapes",
    "E04": "arguments",
    "E05": "claims",
    "E06": "expressions",
    "E07": "structure",
    "E08": "tables from papers",
    "W": "warnings",
}
"""What codes that begin so are about, in the order in which they are listed. Structure is blocks, tables, variants and
recipes."""

CODES: dict[str, str] = {
    # files and limits
    "E0001": "a file that cannot be read",
    "E0002": "a text over the limit of length",
    "E0003": "nesting over the limit of depth",
    "E0004": "a network over the limit of layers",
    "E0005": "a dimension out of range",
    "E0006": "a string over the limit of length",
    "E0007": "a file that may not be opened from here",
    "E0008": "a table over the limit of columns",
    # syntax
    "E0101": "something unexpected",
    "E0102": "a bracket without its partner",
    "E0103": "a character that cannot stand in a spec",
    "E0104": "a table row with another number of cells than columns",
    "E0105": "a string that is not closed, or has an unknown escape",
    "E0106": "a number that is malformed or out of range",
    "E0107": "a name that cannot name a variant",
    "E0108": "two statements without a separator",
    # names
    "E0201": "an unknown name",
    "E0202": "a name given twice",
    "E0203": "an unknown operator or block",
    "E0204": "an unknown label",
    "E0205": "an unknown param",
    "E0206": "a name that is taken by an operator",
    # shapes
    "E0301": "an operator that does not fit its input",
    "E0302": "branches that do not fit each other",
    "E0303": "weights that do not fit where they are used again",
    # arguments
    "E0401": "an unknown argument",
    "E0402": "an argument given twice",
    "E0403": "too many arguments",
    "E0404": "a missing argument",
    "E0405": "an argument with a wrong value",
    "E0406": "a positional argument behind a named one",
    # claims
    "E0501": "a claimed shape that does not hold",
    "E0502": "a claim about an unknown label",
    "E0503": "a claim about something that cannot be computed",
    "E0504": "a claimed figure that does not hold",
    "E0505": "a property that does not hold",
    # expressions
    "E0601": "a value of the wrong kind in an expression",
    "E0602": "a number that must be an integer",
    "E0603": "a dimension that the current value does not have",
    "E0604": "an expression without a value",
    "E0605": "a function with the wrong number of arguments",
    # structure
    "E0701": "a variant that is missing or unknown",
    "E0702": "an empty branch",
    "E0703": "a network without what it needs",
    "E0704": "a statement out of its place",
    "E0705": "a block or file that contains itself",
    "E0706": "a value used where layers are needed",
    "E0707": "layers in a file that extends another",
    "E0708": "tables with different columns",
    # tables from papers
    "E0801": "a cell that cannot be read",
    "E0802": "a text without a table of layers",
    # warnings: what a layer costs
    "W0101": "a large kernel that small ones can replace",
    "W0102": "a large convolution on many channels",
    "W0103": "a deep network without shortcuts",
    "W0104": "a bias that the norm behind it takes away",
    # warnings: pixels
    "W0201": "pixels that no window sees",
    "W0202": "rows or columns that rounding down loses",
    "W0203": "a padding that changes the size by a little",
    # warnings: what is never used
    "W0301": "layers whose value is never used",
    "W0302": "a label that nothing uses",
    "W0303": "a layer that does nothing",
    "W0304": "a param that nothing uses",
    "W0305": "a block that nothing uses",
    # warnings: the order of layers
    "W0401": "probabilities in the middle of a network",
    "W0402": "an activation on the logits",
    "W0403": "two activations in a row",
    "W0404": "dropout right before a batch norm",
    "W0405": "a rectifier before the addition of a residual",
    "W0406": "two linear layers with nothing between them",
    "W0407": "a batch norm over one value",
    # warnings: the recipe
    "W0501": "an aux head without a weight",
    # warnings: the input
    "W0601": "an input with a size too few, too many or out of place",
    "W0602": "the numbers of a convolution in another library's order",
    # warnings: comments
    "W0901": "an `allow` that silences nothing",
    "W0902": "an `allow` that names no warning",
}
"""Each code and its title."""


def title(code: str) -> str:
    """What messages with this code are about. Raises `KeyError` for an unknown code."""
    return CODES[code]


def range_of(code: str) -> str:
    """What kind of message a code is: `shapes` for E0302."""
    return next(words for beginning, words in RANGES.items() if code.startswith(beginning))
