"""docs/glossary.md holds: a word is one name in the code, and retired words do not come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import COMPONENTS

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def _rows(n_columns: int) -> list[list[str]]:
    """Return the rows of the table with so many columns, without its head."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in GLOSSARY.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells if len(row) == n_columns and "---" not in row][1:]


WORDS, RETIRED = _rows(4), _rows(3)


@cache
def _definitions() -> tuple[tuple[str, str, bool], ...]:
    """Return (file, name, whether a class) of every module, class and function of the project."""
    found = []
    for package in ("core", "dashboard"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.relative_to(ROOT / package).parts[0] in COMPONENTS:
                continue
            file = path.relative_to(ROOT).as_posix()
            found.append((file, path.parent.name if path.stem == "__init__" else path.stem, False))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef):
                    found.append((file, node.name, isinstance(node, ast.ClassDef)))
    return tuple(found)


def _words_of(name: str) -> Iterator[str]:
    """Split ``EncodingSpec`` and ``encoding_spec`` into lower-case words."""
    for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name):
        yield word.lower()


def _holds(name: str, phrase: str) -> bool:
    wanted, words = phrase.split(), list(_words_of(name))
    return any(
        words[k : k + len(wanted)] in (wanted, [*wanted[:-1], f"{wanted[-1]}s"])
        for k in range(len(words))
    )


@pytest.mark.parametrize(("word", "meaning", "package", "name"), WORDS, ids=lambda v: v[:24])
def test_a_word_is_one_class_in_its_package(word, meaning, package, name):
    package, name = package.strip("`"), name.strip("`")
    places = [file for file, found, is_class in _definitions() if is_class and found == name]
    assert len(places) == 1, f"{name} must be defined once; found in {places}."
    assert places[0].startswith((f"{package}/", f"{package}.py"))
    assert meaning.endswith(".")


def test_words_and_names_are_listed_once():
    for column in (0, 3):
        listed = [row[column] for row in WORDS]
        assert sorted(set(listed)) == sorted(listed)
    assert not {row[0] for row in WORDS} & {row[0] for row in RETIRED if not row[2]}


@pytest.mark.parametrize(("retired", "instead", "still_in"), RETIRED, ids=lambda v: v[:24])
def test_retired_words_do_not_come_back(retired, instead, still_in):
    allowed = tuple(re.findall("`([^`]+)`", still_in))
    wrong = [
        f"{file}: {name} (say: {instead})"
        for file, name, _ in _definitions()
        if _holds(name, retired) and not file.startswith(allowed)
    ]
    assert not wrong
