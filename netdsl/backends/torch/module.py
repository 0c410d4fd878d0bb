"""Source to a live module: the emitted text, executed, and nothing else.

The text is filed in `linecache`, so that tracebacks, pdb and `inspect.getsource` show it, and the module it makes has
a flat name in `sys.modules`, so that instances pickle.
"""

from __future__ import annotations

import contextlib
import hashlib
import linecache
import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from netdsl.backends.torch.source import write
from netdsl.ir import Network

if TYPE_CHECKING:
    import torch
    from torch import nn


def build(
    network: Network,
    probabilities: bool = False,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    init: bool = True,
    text: tuple[str, str] | None = None,
) -> nn.Module:
    """The network as a live `torch.nn.Module`, made of the very text that `emit` gives.

    It takes (N, C, H, W) or (N, features) and gives logits (N, classes), or probabilities where asked; nets with aux
    heads return a named tuple in training, nets with `output`s always. Device and dtype are PyTorch's defaults in
    force (`with torch.device("meta")`) unless given. Each tensor is drawn once; `init=False` leaves undetermined what
    `nn.init` would fill, for whoever fills it. `text` is the name of another class of the same constructor, and its
    source. Raises `ModuleNotFoundError` without torch: install `netdsl[torch]`.
    """
    name, code = text or write(network, probabilities)
    module = load(code, network.name)
    import torch
    from netdsl.backends.torch.drawing import drawn

    with torch.device(device) if device is not None else contextlib.nullcontext(), drawn(once=init):
        made: nn.Module = getattr(module, name)()
    return made.to(dtype=dtype) if dtype is not None else made


def load(text: str, title: str) -> Any:
    """The Python module of an emitted text; the same text gives the same module."""
    try:
        import torch  # noqa: F401  (before the text is executed, so that its absence is told as such)
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise ModuleNotFoundError("a live module needs torch: pip install 'netdsl[torch]'", name="torch") from None

    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    name = f"_netdsl_{re.sub(r'[^A-Za-z0-9]', '_', title.lower())}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    file = f"<netdsl {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    try:
        exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module
