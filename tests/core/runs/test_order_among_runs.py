"""Names, notes, tags and deleting: beside a run, undone whole, and never its identity."""

import json
import os
import time

import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import DamagedFile, InvalidInput, UnknownName
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit, fit_all
from cortiscope.core.runs import About, RunStore
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A store of two runs with what fitted them."""
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    subject = open_subject(write_subject(tmp_path / "subj01"))
    specs = [pixels_spec(subject), pixels_spec(subject, seed=1)]
    features, store = FeatureStore(tmp_path / "features"), RunStore(tmp_path / "home" / "runs")
    fit_all(subject, specs, features=features, runs=store)
    return store, subject, specs, features


def _files(folder):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(folder.iterdir())}


def _verb(capsys, *arguments):
    status = main(["runs", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_what_is_said_of_a_run_is_no_part_of_it(world, capsys):
    store, subject, (spec, _), features = world
    before = _files(store.root / spec.run_id)
    name = "*my* <b>best</b>: 100 %, ü"
    run = store.describe(spec.run_id, About(name, "line\nline", ("thesis", "fig 2")))
    assert run.about.name == name
    assert {k: v for k, v in _files(run.folder).items() if k != "about.json"} == before
    assert spec.run_id in store  # whole: it needs no fit
    assert fit(subject, spec, features=features, runs=store).about.tags == ("thesis", "fig 2")
    store.describe(spec.run_id, About())
    assert _files(store.root / spec.run_id) == before


def test_a_damaged_word_on_a_run_takes_it_from_no_menu(world):
    store, _, (spec, _), _ = world
    for text in (
        "[",
        "[]",
        '{"name": "x"}',
        '{"name": "x", "note": "", "tags": ["a,b"]}',
        '{"name": 1, "note": null, "tags": []}',
        '{"name": "x", "note": "", "tags": "abc"}',
        "[" * 9999,
    ):
        (store.root / spec.run_id / "about.json").write_text(text)
        assert RunStore(store.root).open(spec.run_id).about == About()


def test_a_fit_in_place_of_a_damaged_run_keeps_its_name(world):
    store, subject, (spec, _), features = world
    store.describe(spec.run_id, About("mine"))
    (store.root / spec.run_id / "coef.npy").write_bytes(b"x")
    store = RunStore(store.root)
    with pytest.raises(DamagedFile):
        store.open(spec.run_id)
    assert fit(subject, spec, features=features, runs=store).about.name == "mine"


@pytest.mark.parametrize(
    "said",
    [{"name": "x" * 121}, {"name": "a\nb"}, {"note": "x" * 2001}, {"tags": ("a,b",)},
     {"tags": tuple("abcdefghijklm")}],
    ids=["long name", "two lines", "long note", "comma", "thirteen tags"],
)  # fmt: skip
def test_words_that_no_table_could_show_are_refused(said):
    with pytest.raises(InvalidInput, match="got"):
        About.of(**said)


def test_deleted_and_brought_back_every_file_is_as_it_was(world):
    store, subject, (spec, other), features = world
    store.describe(spec.run_id, About("mine"))
    before = _files(store.root / spec.run_id)
    store.delete(spec.run_id)
    assert store.ids() == (other.run_id,)
    assert store.deleted() == (spec.run_id,)
    with pytest.raises(UnknownName):
        store.open(spec.run_id)
    store.undelete(spec.run_id)
    assert _files(store.root / spec.run_id) == before
    assert (store.open(spec.run_id).about.name, store.deleted()) == ("mine", ())
    # Fitted again meanwhile: neither takes the other's place.
    store.delete(spec.run_id)
    fit(subject, spec, features=features, runs=store)
    with pytest.raises(InvalidInput, match="fitted again"):
        store.undelete(spec.run_id)
    assert store.deleted() == (spec.run_id,)


@pytest.mark.parametrize("name", ["..", "../runs", ".deleted", "", "absent"])
def test_only_what_is_in_the_folder_is_deleted_or_brought_back(world, name):
    store = world[0]
    for step in (store.delete, store.undelete):
        with pytest.raises(UnknownName):
            step(name)
    assert len(store.ids()) == 2


def test_the_verb_names_tags_and_lists(world, capsys):
    store, _, (spec, other), _ = world
    _verb(capsys, "rename", spec.run_id, "my", "best")
    _verb(capsys, "tag", spec.run_id, "a", "b", "a")
    _, said = _verb(capsys, "tag", spec.run_id, "c", "--remove", "a")
    assert (said["run"]["own_name"], said["run"]["tags"]) == ("my best", ["b", "c"])
    _, said = _verb(capsys, "note", spec.run_id, "for", "the", "thesis")
    assert said["run"]["note"] == "for the thesis"
    assert [i["name"] for i in _verb(capsys, "list", "--tag", "b")[1]["items"]] == [spec.run_id]
    assert len(_verb(capsys, "list", "--subject", "subj01")[1]["items"]) == 2
    _, said = _verb(capsys, "show", spec.run_id)
    report = store.open(spec.run_id).report
    assert said["run"]["mean_r"] == pytest.approx(report.overall.mean_r)
    assert said["run"]["settings"]["regressor"] == "ridge"
    assert main(["runs", "list"]) == 0
    assert "my best; " in capsys.readouterr().out
    assert _verb(capsys, "tag", spec.run_id, "--remove", "z")[0] == 2
    assert _verb(capsys, "show")[0] == 2
    assert _verb(capsys, "delete", spec.run_id, other.run_id)[0] == 2
    assert len(store.ids()) == 2


def test_deleted_runs_are_counted_and_go_for_good_when_asked_or_old(world, capsys):
    store, _, (spec, other), _ = world
    for each in (spec, other):
        assert _verb(capsys, "delete", each.run_id)[1]["deleted"]
    old = time.time() - 31 * 86400
    os.utime(store.root / ".deleted" / spec.run_id, (old, old))

    def items(*arguments):
        assert main(["store", *arguments, "--json"]) == 0
        found = json.loads(capsys.readouterr().out.splitlines()[-1])["items"]
        return {i["kind"]: i["n"] for i in found if i["name"] == "runs"}

    assert items("du") == {"deleted": 2}
    assert items("clean") == {"deleted": 1}
    assert store.deleted() == (other.run_id,)
    assert _verb(capsys, "undelete", other.run_id)[0] == 0
    assert store.ids() == (other.run_id,)
    store.delete(other.run_id)
    assert items("clean", "--deleted") == {"deleted": 1}
    assert store.deleted() == ()
