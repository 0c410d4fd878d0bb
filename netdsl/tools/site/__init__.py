"""The documentation as a site: `docs/` and pages made from the sources, to a folder that Zensical builds.

    docs/*.md --page--> \\
    operators, networks, frameworks, cheatsheet --> pages and pictures --Zensical--> static files

`python -m netdsl.tools.site build/docs` writes `pages/`, the configuration, and the site itself into `site/`. What is
made from sources is not kept: it is that of today. The site needs no other: no script, font or picture is loaded from
elsewhere, and its search has its index beside it.
"""
