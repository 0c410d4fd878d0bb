"""Fuzzing netdsl itself, for its developers: `make fuzz MINUTES=60`. Texts, networks, edits and kills are drawn at random,
and each is held to what is promised of all of them; docs/reliability.md says what that is, and has the last report.

A section is one file of this folder without an underscore, with `SHARE` of the time and a function `run`.
"""
