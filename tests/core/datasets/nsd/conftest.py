"""A tiny copy of NSD, and one to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.data import tiny_nsd as tiny


@pytest.fixture(scope="module")
def nsd(tmp_path_factory) -> Path:
    return tiny.write_nsd(tmp_path_factory.mktemp("data") / "nsd")


@pytest.fixture
def own_nsd(nsd, tmp_path) -> Path:
    shutil.copytree(nsd, tmp_path / "nsd")
    return tmp_path / "nsd"
