"""What a dataset's numbers mean is said by somebody, or not at all."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from cortiscope.core.datasets import check_folder, open_subject, require_usable
from cortiscope.core.datasets.algonauts2023.loader import NSD
from cortiscope.core.datasets.conventions import Conventions, Fact, read_conventions
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.evaluation.ceiling import subject_ceiling
from tests.data.plain_folder import values, write_images, write_plain, write_responses


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
    assert unknown.why_no_test_scores == ""


def test_words_of_nsd_are_those_of_its_papers():
    assert NSD.meaning == "single-trial z, averaged over repeats"
    assert NSD.treatment == "z-scored per session, averaged over repeats"
    assert NSD.label("response") == "response (z)"
    assert NSD.column("measured") == "measured_z"
    assert NSD.picture_degrees.value == 8.4


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


def test_pictures_that_are_in_no_row_are_told(tmp_path):
    folder = write_plain(tmp_path / "P")
    write_images(tmp_path / "more", 2)
    (tmp_path / "more" / "img2.png").rename(folder / "images" / "extra.png")
    assert "1 of 21 pictures in images/ are in no row" in " ".join(
        check_folder(folder).subjects[0].notes
    )


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


def test_a_ceiling_in_percent_is_told_and_not_used_as_ncsnr(tmp_path):
    folder = write_plain(tmp_path / "P")
    np.save(folder / "repeats.npy", np.full(20, 3))
    for short, n in (("lh", 7), ("rh", 5)):
        np.save(folder / f"ncsnr.{short}.npy", np.linspace(1, 75, n))
    left, right = _problems(folder)
    assert "ncsnr.lh.npy is up to 75: looks like a noise ceiling in percent" in left
    assert "ncsnr.rh.npy" in right
    ceiling, source = subject_ceiling(open_subject(folder), "train", np.arange(20))
    assert ceiling is None
    assert "looks like a noise ceiling in percent" in source


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({}, "does not hold z-scores, and its units are not stated"),
        ({"units": "z"}, "is said to hold z-scores"),
        ({"units": "betas"}, None),
    ],
)
def test_values_that_are_no_z_scores_are_told_unless_their_units_are_stated(tmp_path, stated, told):
    folder = write_plain(tmp_path / "P")
    write_responses(folder, "npy", {h: 26 * v + 500 for h, v in values(20).items()})
    _sidecar(folder, **stated)
    problems = _problems(folder)
    assert len(problems) == (2 if told else 0)
    assert all(told in p and re.search(r"mean (49|50)\d and SD 2\d", p) for p in problems)


def test_check_asks_for_what_nobody_states(tmp_path):
    folder = write_plain(tmp_path / "P")
    notes = " ".join(check_folder(folder).subjects[0].notes)
    assert "Not stated" in notes
    assert "units, preprocessing, picture size in degrees, repeats" in notes
    _sidecar(folder, units="z", preprocessing="none", picture_degrees=7, repeats="single trials")
    assert "Not stated" not in " ".join(check_folder(folder).subjects[0].notes)
