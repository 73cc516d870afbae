"""A vote of finished runs, against numpy written out; what may vote and what may not."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from cortiscope.core import notebook as cs
from cortiscope.core.encoding.vote import vote_weights
from cortiscope.core.errors import InvalidInput
from tests.data.tiny_world import write_subject

CHOICES = {
    "grid": {"pooling": "grid:4", "reduction": "pca:6"},
    "mean": {"pooling": "mean", "reduction": "none"},
    "tree": {"pooling": "grid:2", "reduction": "pca:4", "regressor": "neighbours"},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A subject with three models that have nothing in common but their images, and their vote."""
    root = tmp_path_factory.mktemp("vote")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORTISCOPE_HOME", str(root / "home"))
        patch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
        subject = cs.open_subject(write_subject(root / "data" / "s1", n_train=30, n_test=14))
        members = [cs.fit(subject, "pixels", "pixels", **own) for own in CHOICES.values()]
        yield subject, members, cs.vote(members, subject), root


def _softmax(r, sharpness):
    powers = np.exp(sharpness * (np.nan_to_num(r, nan=-9.0) + 0.0).clip(-3))
    return powers / powers.sum(axis=0)


def test_every_vertex_weights_its_members_by_their_r_on_the_validation_images(world):
    _, members, voted, _ = world
    r = np.stack([one.validation.r for one in members])
    alive = np.isfinite(r).any(axis=0)
    expected = sum(
        w * one.predict_rows("test", slice(None))
        for w, one in zip(_softmax(r, 20), members, strict=True)
    )
    found = voted.predict_rows("test", slice(None))
    np.testing.assert_allclose(found[:, alive], expected[:, alive], rtol=1e-4, atol=1e-5)
    assert voted.report.n_images == 14
    assert voted.regressor == "vote"
    assert voted.spec.encoder.settings.members == tuple(one.id for one in members)


def test_it_is_opened_and_predicts_new_pictures_like_any_run(world, monkeypatch):
    subject, members, voted, root = world
    monkeypatch.setenv("CORTISCOPE_HOME", str(root / "home"))
    again = cs.load_run(voted.id)
    again.verify()
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 255, (40, 60, 3), np.uint8))
    r = np.stack([one.validation.r for one in members])
    expected = sum(
        w * cs.predict(one, [picture]) for w, one in zip(_softmax(r, 20), members, strict=True)
    )
    alive = np.isfinite(r).any(axis=0)
    np.testing.assert_allclose(
        cs.predict(again, [picture])[:, alive], expected[:, alive], rtol=1e-4, atol=1e-5
    )
    assert cs.vote([one.id for one in members], subject).id == voted.id
    text = cs.methods(again)
    assert all(one.id in text for one in members)
    assert "softmax of 20.0 times their r on the validation images" in text


def test_test_responses_change_no_weight(world, monkeypatch):
    subject, members, voted, root = world
    monkeypatch.setenv("CORTISCOPE_HOME", str(root / "other"))
    worse = [
        one.with_scores(
            one.validation, dataclasses.replace(one.report, r=-np.asarray(one.report.r))
        )
        for one in members
    ]
    np.testing.assert_array_equal(cs.vote(worse, subject).fitted.weights, voted.fitted.weights)


def test_weights_are_soft_and_undefined_r_weighs_nothing():
    r = np.array([[0.5, np.nan, np.nan, 0.2], [0.4, -0.3, np.nan, 0.2]])
    found = vote_weights(r, 20.0)
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(found[0], [1 / (1 + np.exp(-2)), 0, 0.5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(vote_weights(r, 0.0)[0], [0.5, 0, 0.5, 0.5])
    assert vote_weights(r, 1e6)[0, 0] == 1


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (lambda m, v, s: m[:1], "two models or more"),
        (lambda m, v, s: [m[0], m[0]], "each once"),
        (lambda m, v, s: [m[0], v], "is a vote itself"),
        (lambda m, v, s: [m[0], s], "divide the training images differently"),
    ],
)
def test_what_cannot_vote_is_named(world, monkeypatch, which, words):
    subject, members, voted, root = world
    monkeypatch.setenv("CORTISCOPE_HOME", str(root / "home"))
    other = cs.fit(subject, "pixels", "pixels", pooling="mean", reduction="none", seed=5)
    with pytest.raises(InvalidInput, match=words):
        cs.vote(which(members, voted, other), subject)


def test_images_that_would_choose_the_weights_do_not_report(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    folder = write_subject(tmp_path / "s1", n_train=40, test_responses=False)
    subject = cs.open_subject(folder)
    two = [CHOICES["grid"], CHOICES["mean"]]
    members = [cs.fit(subject, "pixels", "pixels", **own) for own in two]
    with pytest.raises(InvalidInput, match=r"score would flatter.*--report-fraction"):
        cs.vote(members, subject)
    aside = [cs.fit(subject, "pixels", "pixels", report_fraction=0.25, **own) for own in two]
    voted = cs.vote(aside, subject)
    assert (voted.report.split, voted.report.n_images) == ("report", 10)


def test_a_vote_is_not_told_to_fold(world, monkeypatch):
    subject, members, voted, root = world
    monkeypatch.setenv("CORTISCOPE_HOME", str(root / "home"))
    for run, n_folds, words in (
        (voted, 5, "let runs vote that hold out more images"),
        (members[0], 0, "Ask for folds, or fit with a report fraction"),
    ):
        with pytest.raises(InvalidInput, match=f"leaves 6 training images.*{words}"):
            cs.decode(run, subject=subject, n_folds=n_folds)


def test_a_vote_is_no_fit(world, monkeypatch):
    subject, *_, root = world
    monkeypatch.setenv("CORTISCOPE_HOME", str(root / "home"))
    with pytest.raises(InvalidInput, match="fitted before"):
        cs.fit(subject, "pixels", "pixels", pooling="mean", regressor="vote")
