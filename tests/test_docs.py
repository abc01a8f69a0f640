"""Every command has a complete help text and is in the README; the documents name real paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ctadata.cli.main import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Parts of the repository that paths in the documents begin with.
TOP = sorted(path.name for path in ROOT.iterdir() if not path.name.startswith("."))


def all_commands(
    group: click.Group, *names: str
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield names, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, *names, name)
        else:
            yield (*names, name), command


COMMANDS = [pytest.param(*found, id=" ".join(found[0]) or "ctadata") for found in all_commands(cli)]


@pytest.mark.parametrize(("names", "command"), COMMANDS)
def test_every_command_has_help_with_an_example(names: tuple[str, ...], command: click.Command):
    output = CliRunner().invoke(cli, [*names, "--help"]).output
    assert f"Example:\n    ctadata {' '.join(names)}" in output
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.name} has no help"
            assert option.help.endswith("."), f"the help of {option.name} is not a sentence"


@pytest.mark.parametrize(("names", "command"), COMMANDS)
def test_the_readme_has_every_command(names: tuple[str, ...], command: click.Command):
    assert f"ctadata {' '.join(names)}".rstrip() in (ROOT / "README.md").read_text()


def named_paths(document: Path) -> Iterator[str]:
    """Yield what stands in backticks and looks like a path of the repository, and the links."""
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    for quoted in re.findall(r"`([^`\s]+)`", text):
        first, slash, _ = quoted.partition("/")
        if slash and first in TOP:
            yield quoted
        elif quoted != "jupyter_server_config.py" and re.fullmatch(
            r"[\w-][\w.-]*\.(py|ts|tsx)", quoted
        ):
            yield f"**/{quoted}"
    for link in re.findall(r"\]\(([^):#\s]+)[#)]", text):
        yield str((document.parent / link).resolve().relative_to(ROOT))


def exists(path: str) -> bool:
    if path.startswith("**/"):
        sources = ("ctadata", "ctadata_labext", "src", "tests", "benchmarks")
        return any(next((ROOT / top).glob(path), None) for top in sources)
    return any(ROOT.glob(path.rstrip("/")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_the_documents_exists(document: Path):
    named = set(named_paths(document))
    assert named
    assert [path for path in sorted(named) if not exists(path)] == []
