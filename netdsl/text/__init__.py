"""Texts and messages: sources, places, diagnostics, edits, codes and their pages. Nothing here knows about networks."""
