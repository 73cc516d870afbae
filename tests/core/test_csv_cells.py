"""Tables hold names as texts, and numbers as numbers."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest

from cortiscope.core.pipeline.results import write_table
from cortiscope.core.storage.csv_cells import plain_cell
from cortiscope.panels.downloads import csv_text, file_name

FORMULA = '=HYPERLINK("http://x.y")'


@pytest.mark.parametrize("text", [FORMULA, "+1+2", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_stays_a_text(text):
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-0.12", "+1e-5", "-inf", -0.5, None, "V1", "sub-01", "a=b", ""])
def test_everything_else_stays_as_it_is(value):
    assert plain_cell(value) is value


def test_names_in_tables_are_texts(tmp_path):
    path = write_table(tmp_path / "a.csv", ["run", "r"], [[FORMULA, -0.5]])
    assert list(csv.reader(io.StringIO(path.read_text()))) == [
        ["run", "r"],
        ["'" + FORMULA, "-0.5"],
    ]
    subject = SimpleNamespace(id='=a"/\n.csv', stamp="", simulated=False)
    text = csv_text(subject, "of x.jpg\n=1", ["roi"], [("@V1",)])
    assert text == "# of x.jpg =1\nroi\n'@V1\n"
    assert file_name(subject, "rois") == "cortiscope--a---.csv-rois.csv"
