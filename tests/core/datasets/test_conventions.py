"""What a dataset's numbers mean is said by somebody, or not at all."""

from __future__ import annotations

import json

import pytest

from core.datasets import open_subject
from core.datasets.check import check_folder, require_usable
from core.datasets.conventions import NSD, Conventions, Fact, read_conventions
from core.errors import CoreError, InvalidInput
from tests.core.datasets.plain_folder import write_plain


def _sidecar(folder, **stated):
    where = folder / "cortiscope_sidecar"
    where.mkdir()
    header = {"format": "cortiscope-sidecar", "version": 1, "conventions": stated}
    (where / "sidecar.json").write_text(json.dumps(header), encoding="utf-8")


def test_words_of_unstated_conventions_claim_nothing():
    unknown = Conventions()
    assert unknown.label("response") == "response"
    assert unknown.column("measured") == "measured"
    assert unknown.with_unit("0.31") == "0.31"
    assert unknown.meaning == "units unknown" == unknown.treatment
    assert unknown.picture_words == "" == unknown.why_no_test_scores


def test_words_of_nsd_are_those_of_its_papers():
    assert NSD.meaning == "single-trial z, averaged over repeats"
    assert NSD.treatment == "z-scored per session, averaged over repeats"
    assert NSD.label("response") == "response (z)"
    assert NSD.column("measured") == "measured_z"
    assert "8.4°" in NSD.picture_words


def test_a_unit_of_several_words_makes_one_column():
    psc = Conventions(units=Fact("percent signal change", "sidecar"))
    assert psc.column("measured") == "measured_percent_signal_change"
    assert psc.meaning == "percent signal change"


def test_plain_arrays_know_what_their_sidecar_states(tmp_path):
    folder = write_plain(tmp_path / "P")
    assert open_subject(folder).conventions.units == Fact(None, "unknown")
    _sidecar(folder, units="percent signal change", picture_degrees=10)
    facts = open_subject(folder).conventions
    assert facts.units == Fact("percent signal change", "sidecar")
    assert facts.picture_degrees == Fact(10.0, "sidecar")
    assert facts.unstated == ("preprocessing", "repeats")


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"unit": "z"}, "Did you mean 'units'"),
        ({"picture_degrees": 400}, "up to 180"),
        ({"picture_degrees": True}, "up to 180"),
        ({"row_order": "alphabetic"}, "allowed: natural, plain"),
        ({"units": 3}, "must be a text"),
        ({"units": " "}, "must be a text"),
    ],
)
def test_what_a_sidecar_cannot_state_is_refused_with_what_it_can(stated, told):
    with pytest.raises(CoreError, match=told):
        read_conventions({"conventions": stated}, "sidecar.json")


def test_a_run_keeps_conventions_and_an_older_record_has_none():
    assert Conventions.from_json(json.loads(json.dumps(NSD.to_json()))) == NSD
    assert Conventions.from_json({}) == Conventions()


def _problems(folder):
    return check_folder(folder).subjects[0].problems


def test_rows_whose_order_nobody_says_are_told_and_not_fitted(tmp_path):
    folder = write_plain(tmp_path / "P")
    assert open_subject(folder).conventions.row_order.source == "user"
    (folder / "images.txt").unlink()
    subject = open_subject(folder)
    assert subject.conventions.order_in_doubt
    (problem,) = _problems(folder)
    assert "row 2 would be img10.png and not img2.png" in problem
    with pytest.raises(InvalidInput, match=r"row 2 would be img10.png and not img2.png"):
        require_usable(subject)


@pytest.mark.parametrize(("order", "second"), [("natural", "img2"), ("plain", "img10")])
def test_a_sidecar_can_state_the_order(tmp_path, order, second):
    folder = write_plain(tmp_path / "P")
    (folder / "images.txt").unlink()
    _sidecar(folder, row_order=order)
    subject = open_subject(folder)
    assert subject.train.images.ids[1] == second
    assert subject.conventions.row_order.source == "sidecar"
    assert _problems(folder) == ()
    require_usable(subject)


def test_padded_names_say_their_order_themselves(tmp_path):
    folder = write_plain(tmp_path / "P")
    (folder / "images.txt").unlink()
    for path in (folder / "images").iterdir():
        path.rename(path.with_name(f"p{int(path.stem[3:]):03d}.png"))
    assert open_subject(folder).conventions.row_order.source == "layout"
    assert _problems(folder) == ()
