"""The language server: what editors ask about a spec, answered from its compilation.

A `document` is one version of a text with what the compiler knows of it. Each feature is one file of this folder with
plain functions over a document and an offset, which give offsets, spans and strings. `translate` turns these into the
words of the protocol and back, `session` keeps the open files and their checks, `server` answers; nothing else knows
the protocol, and only these three import its libraries.
"""
