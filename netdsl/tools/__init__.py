"""Thin shells around the compiler: the command line, the renderers of messages, the zoo."""
