"""Large counts in three digits, and bytes, for people."""

from __future__ import annotations

import re

_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


def amount(count: int) -> str:
    """A count in three digits: 9,408 is `9.41K`, 143,667,240 `144M`."""
    for unit, sign in _UNITS:
        if count >= 0.9995 * unit and count >= 1000:
            scaled = count / unit
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{sign}"
    return str(count)


_BYTES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def memory(written: str | int) -> int:
    """Bytes as people write them: `24GB` is 24 * 10^9, `24GiB` 24 * 2^30. Raises `ValueError` for anything else."""
    if isinstance(written, int) and written > 0:
        return written
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?((?:[KMGT]I?)?)B?", str(written).strip().upper())
    if found is None or not float(found[1]):
        raise ValueError(f"'{written}' is no amount of memory, such as 24GB or 512MiB")
    return int(float(found[1]) * _BYTES[found[2]])


def size(number: int) -> str:
    """Bytes as people read them: `1.36 GB`."""
    for unit, bytes in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes:
            value = number / bytes
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"
    return f"{number} B"
