"""`netdsl test`: specs held to the laws."""

from __future__ import annotations

import os
from pathlib import Path

import click

SECTION = "Prove it"


@click.command(
    short_help="Hold specs, and the modules made from them, to the laws.",
    epilog="""\b
Examples:
  netdsl test mine.net
  netdsl test specs/*.net -k "claims or properties"
  netdsl test mine.net --slow --junit report.xml
""",
)
@click.argument("files", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True, metavar="FILE...")
@click.option("-k", "law", metavar="LAW", help="Only these laws or variants, as pytest's -k.")
@click.option("--slow", is_flag=True, help="The slow laws too.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="OUT", help="Write a JUnit report.")
@click.option("--hypothesis-seed", "seed", metavar="N", help="Draw from this seed.")
@click.option("--list", "listed", is_flag=True, help="List the laws.")
def command(
    files: tuple[Path, ...], law: str | None, slow: bool, junit: Path | None, seed: str | None, listed: bool
) -> int:
    """Hold specs to the laws: every variant of every file, each law an item.

    Claims hold; shapes, parameters and multiply-adds are those of the module, for valid inputs of any size; it runs,
    learns, exports, and its weights travel; printed and parsed again it is the same; the spec's properties hold. Laws
    that need torch are skipped without it. `pytest` runs the same where its configuration has `netdsl = specs/`.
    """
    try:
        import pytest
    except ModuleNotFoundError:
        raise click.ClickException("testing needs pytest and hypothesis: pip install 'netdsl[test]'") from None

    from netdsl.testing import plugin

    class Asked:
        """Has every file collected that is named."""

        def pytest_configure(self, config: pytest.Config) -> None:
            config.stash[plugin.ASKED] = True

    alone = ["-p", "no:cacheprovider", "-p", "no:asyncio", "-c", os.devnull, f"--rootdir={Path.cwd()}"]
    alone += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # netdsl is imported already, which is no news here
    arguments = [*map(str, files), "-q", "-rs", *alone]
    arguments += ["-k", law] if law else []
    arguments += ["--netdsl-slow"] if slow else []
    arguments += [f"--junitxml={junit}"] if junit else []
    arguments += [f"--hypothesis-seed={seed}"] if seed else []
    arguments += ["--collect-only"] if listed else []
    plugins: list[object] = [Asked()]
    if not _registered():
        plugins.append(plugin)
    status = int(pytest.main(arguments, plugins=plugins))
    return 0 if status == pytest.ExitCode.OK else 2 if status > 2 else 1


def _registered() -> bool:
    """Whether pytest finds the plugin by itself, as where netdsl is installed."""
    from importlib.metadata import entry_points

    return any(each.value == "netdsl.testing.plugin" for each in entry_points(group="pytest11"))
