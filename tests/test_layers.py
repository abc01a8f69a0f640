"""Modules depend downwards only, and never in circles; imports for type checkers count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# What no module of a package may import, directly or through other modules of ours.
FORBIDDEN = {
    "ctadata": {"ctadata_labext", "jupyter_core", "jupyter_server", "tornado", "traitlets"},
    "ctadata.certificates": {"ctadata.api", "ctadata.cli", "ctadata.transfers"},
    "ctadata.cli": {"ctadata.demo", "ctadata.embedded_service"},
    "ctadata.embedded_service": {"ctadata.api", "ctadata.cli", "ctadata.demo"},
    "ctadata.http": {"ctadata.api", "ctadata.cli", "ctadata.storage", "ctadata.transfers"},
    "ctadata.storage": {"ctadata.api", "ctadata.cli"},
    "ctadata.transfers": {"ctadata.api", "ctadata.cli"},
    "ctadata_labext": {"ctadata.cli", "ctadata.demo", "ctadata.embedded_service"},
    "ctadata_labext.browse": {"ctadata_labext.handlers", "ctadata_labext.services"},
    "ctadata_labext.handlers": {"ctadata_labext.app", "ctadata_labext.routes"},
    "ctadata_labext.services": {"ctadata_labext.app", "ctadata_labext.handlers"},
    "ctadata_labext.transfers": {"ctadata_labext.handlers", "ctadata_labext.services"},
    "ctadata_labext.uploads": {"ctadata_labext.handlers", "ctadata_labext.services"},
}


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    name_of(path): path
    for package in ("ctadata", "ctadata_labext")
    for path in sorted(Path(package).rglob("*.py"))
}


def imports_of(module: str) -> Iterator[str]:
    """Yield what a module imports, wherever that stands in it: modules of ours, other packages."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            members = [f"{base}.{alias.name}" for alias in node.names]
            names = [member if member in MODULES else base for member in members]
        else:
            continue
        for name in names:
            yield name if name in MODULES else name.partition(".")[0]


IMPORTS = {module: sorted({*imports_of(module)} - {module}) for module in MODULES}


def way(start: str, ends: set[str]) -> list[str]:
    """Return a shortest chain of imports from a module into some packages; empty for none."""
    ways = [[start]]
    seen = {start}
    for some in ways:
        for name in IMPORTS.get(some[-1], ()):
            if any(f"{name}.".startswith(f"{end}.") for end in ends):
                return [*some, name]
            if name not in seen:
                seen.add(name)
                ways.append([*some, name])
    return []


def test_no_imports_go_in_circles() -> None:
    # Its error shows the circle.
    TopologicalSorter(IMPORTS).prepare()


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_go_downwards(package: str) -> None:
    inside = [name for name in MODULES if f"{name}.".startswith(f"{package}.")]
    assert inside
    ways = [way(module, FORBIDDEN[package]) for module in inside]
    assert [" -> ".join(found) for found in ways if found] == []
