"""The language server: what editors ask about a spec, answered from its compilation.

A `document` is one version of a text with what the compiler knows of it. Each feature is one file of this folder with
plain functions over a document and an offset, which give offsets, spans and strings. `translate` turns these into the
words of the protocol and back, `server` listens and answers; nothing else knows the protocol, and only these two import
its libraries.
"""
