"""netdsl: write a neural network as its paper's table; check it, compile it to PyTorch, draw it.

    net = netdsl.load("resnet.net", variant="50-layer", classes=10)
    net.params, net.macs, net.depth, net.input, net.output
    model = netdsl.build(net)            # a torch.nn.Module
    source = netdsl.emit(net)            # the text of that very module
    netdsl.draw(net, "resnet50.svg")
    netdsl.fit(net, "folder:photos")     # by its recipe, with the extra netdsl[train]

What is not named here may change.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.analysis.compare import Difference, compare
    from netdsl.backends.artefacts import draw
    from netdsl.backends.pictures import dot
    from netdsl.backends.table import summary
    from netdsl.backends.torch import build, emit, load_weights, optimize
    from netdsl.compiler import Compilation, compile, load, loads
    from netdsl.ir import Network
    from netdsl.passes.hash import digest
    from netdsl.text.diagnostics import Diagnostic, SpecError
    from netdsl.training import fit

__version__ = "0.1.0"

_HOMES = {
    "Compilation": "netdsl.compiler",
    "Diagnostic": "netdsl.text.diagnostics",
    "Difference": "netdsl.analysis.compare",
    "Network": "netdsl.ir",
    "SpecError": "netdsl.text.diagnostics",
    "build": "netdsl.backends.torch",
    "compare": "netdsl.analysis.compare",
    "compile": "netdsl.compiler",
    "digest": "netdsl.passes.hash",
    "dot": "netdsl.backends.pictures",
    "draw": "netdsl.backends.artefacts",
    "emit": "netdsl.backends.torch",
    "fit": "netdsl.training",
    "load": "netdsl.compiler",
    "load_ipython_extension": "netdsl.tools.notebooks",
    "load_weights": "netdsl.backends.torch",
    "loads": "netdsl.compiler",
    "optimize": "netdsl.backends.torch",
    "summary": "netdsl.backends.table",
}

__all__ = [
    "Compilation",
    "Diagnostic",
    "Difference",
    "Network",
    "SpecError",
    "build",
    "compare",
    "compile",
    "digest",
    "dot",
    "draw",
    "emit",
    "fit",
    "load",
    "load_weights",
    "loads",
    "optimize",
    "summary",
]


def __getattr__(name: str) -> Any:
    """Import a part of the API when it is first used: `import netdsl` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'netdsl' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


if "IPython" in sys.modules:
    import_module("netdsl.tools.notebooks").show_networks()
