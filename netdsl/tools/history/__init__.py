"""`examples/history/*.toml` and `docs/history/*.in.md` to the pages of docs/history: every experiment is run, drawn and
told by one command.

    python -m netdsl.tools.history                run what has changed, draw it, and write all pages
    python -m netdsl.tools.history degradation    run this experiment alone, and write all pages

An experiment is data: which specs are trained on what, from which seeds, and what is compared (`experiments`). Its runs
are kept in build/history by their inputs, so a second call is quick (`running`); what they show goes into figures.json
(`measures`) and pictures (`pictures`), and both into the pages (`pages`). No number of a page is typed.
"""
