"""Thin shells around the compiler: the command line, the language server, the formats of messages, notebooks."""
