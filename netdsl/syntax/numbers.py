"""Numbers as the papers write them: `64`, `0.75`, `1e-4`, `40%`, `60K`, `138M`, `1.8G`."""

from __future__ import annotations

import re

LONGEST = 40
"""The most characters of a number: Python's own conversions take quadratic time."""

_NUMBER = re.compile(r"([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?([KMGT%]?)")
_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[KMGT%]?")
_SUFFIXES = {"K": 3, "M": 6, "G": 9, "T": 12, "%": -2}


def number(text: str) -> int | float | None:
    """The value: an int without a fraction or exponent (`60K` too, and `1.8G`, which comes out whole), otherwise a
    float, as near as a float can be. None for what is no number, or out of range.
    """
    if len(text) > LONGEST:
        return None
    if text.isdigit():
        return int(text)
    match = _NUMBER.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return None
    whole, fraction, exponent, suffix = match.groups()
    digits = int(whole + (fraction or ""))
    power = int(exponent or 0) - len(fraction or "") + _SUFFIXES.get(suffix, 0)
    if abs(power) > 350:
        return None
    exact = suffix not in ("", "%")
    if power >= 0:
        value = digits * 10**power
        if exact or not (fraction or exponent or suffix):
            return value if value < 10**LONGEST else None
        return _float(value, 1)
    scale = 10**-power
    return digits // scale if exact and digits % scale == 0 else _float(digits, scale)


def fault(text: str) -> tuple[str, str | None, str]:
    """Why a text has no value: the message, the way out, and what to write instead where that is certain."""
    if _PLAIN.fullmatch(text):
        return "this number is out of range", f"at most {LONGEST} characters, and not beyond 1e308", ""
    message = f"'{_short(text)}' is not a number"
    if re.fullmatch(r"[0-9]+(?:[xX][0-9]+)+", text):
        return message, f"write `{_short(text.lower())}`", text.lower()
    if re.fullmatch(r"[0-9.]+[kmgtb]", text):
        suffix = text[-1].upper().replace("B", "G")
        return message, f"did you mean `{text[:-1]}{suffix}`?" if len(text) <= LONGEST else None, ""
    if re.fullmatch(r"[0-9]+(?:_[0-9]+)+", text):
        return message, f"write `{_short(text.replace('_', ''))}`", text.replace("_", "")
    if re.fullmatch(r"[0-9]+x[A-Za-z_0-9]+", text):
        return message, "each size is a number, or in braces: `3x224x224`, `3x{n}x{n}`", ""
    if re.fullmatch(r"[0-9]+[xX×]|[0-9xX×]+", text):
        return message, "a shape is written `3x224x224`, a repetition `x4`", ""
    return message, "a name begins with a letter" if re.match(r"[0-9]+[A-Za-z_]", text) else None, ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _float(numerator: int, denominator: int) -> float | None:
    try:
        return numerator / denominator
    except OverflowError:
        return None
