"""The network itself, for other programs. It carries no mark, since its reader refuses unknown keys; its keys tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from netdsl.backends.artefact import Artefact

if TYPE_CHECKING:
    from netdsl.ir import Network


class Json(Artefact):
    """`netdsl.Network` as JSON; `Network.model_validate_json` reads it back."""

    endings = (".json",)

    def render(self, network: Network, **options: Any) -> bytes:
        return (network.model_dump_json(indent=2) + "\n").encode()

    def stamp(self, data: bytes) -> bytes:
        return data

    def is_stamped(self, data: bytes) -> bool:
        from netdsl.ir import Network

        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) and {"inputs", "body", "result"} <= set(found) <= set(Network.model_fields)
