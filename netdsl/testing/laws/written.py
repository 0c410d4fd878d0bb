"""Printed, formatted and parsed again, a spec is the same network."""

from __future__ import annotations

from netdsl.analysis.formatting import formatted
from netdsl.backends.text import text
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.passes.hash import digest
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject
from netdsl.text.source import Source


class Written(Law):
    """The network printed flat, the text formatted, and the JSON, read again, have the digest of the network."""

    torch = False

    def hold(self, subject: Subject) -> None:
        network = subject.network
        wanted = digest(network)
        again = compile(Source("printed.net", text(network))).network
        if again is None or digest(again) != wanted:
            raise Broken("printed and parsed again it is another network")
        name, folder = (spec.name, None) if isinstance(spec := subject.spec, Source) else (str(spec), spec.parent)
        source = next(each for each in network.sources if each.name == name)
        laid = formatted(source)
        if laid is not None:
            same = Source(source.name, laid)
            found = compile(same, variant=subject.variant, directory=folder).network
            if found is None or digest(found) != wanted:
                raise Broken("formatted and parsed again it is another network")
        if digest(Network.model_validate_json(network.model_dump_json())) != wanted:
            raise Broken("written as JSON and read again it is another network")
