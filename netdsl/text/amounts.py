"""Large counts in three digits, for people."""

from __future__ import annotations

_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


def amount(count: int) -> str:
    """A count in three digits: 9,408 is `9.41K`, 143,667,240 `144M`."""
    for unit, sign in _UNITS:
        if count >= 0.9995 * unit and count >= 1000:
            scaled = count / unit
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{sign}"
    return str(count)
