"""Source to a live module: the emitted text, executed, and nothing else.

The text is filed in `linecache`, so that tracebacks, pdb and `inspect.getsource` show it, and the module it makes has
a flat name in `sys.modules`, so that instances pickle.
"""

from __future__ import annotations

import hashlib
import linecache
import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from netdsl.backends.torch.source import class_name, emit
from netdsl.ir import Network

if TYPE_CHECKING:
    from torch import nn


def build(network: Network, probabilities: bool = False) -> nn.Module:
    """The network as a live `torch.nn.Module`, made of the very text that `emit` gives.

    It takes (N, C, H, W) or (N, features) and gives logits (N, classes), or probabilities where asked; nets with aux
    heads return a named tuple in training, nets with `output`s always. Device and dtype are PyTorch's defaults in
    force (`with torch.device("meta")`). Raises `ModuleNotFoundError` without torch: install `netdsl[torch]`.
    """
    module = load(emit(network, probabilities), network.name)
    return getattr(module, class_name(network))()  # type: ignore[no-any-return]


def load(text: str, title: str) -> Any:
    """The Python module of an emitted text; the same text gives the same module."""
    import torch  # noqa: F401  (before the text is executed, so that its absence is told as such)

    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    name = f"_netdsl_{re.sub(r'[^A-Za-z0-9]', '_', title)}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    file = f"<netdsl {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = ModuleType(name)
    module.__file__ = file
    module.__dict__["__loader__"] = None
    sys.modules[name] = module
    try:
        exec(compile(text, file, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module
