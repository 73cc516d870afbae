"""Raw NSD to a subject folder, against plain loops over everything in memory."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from core.brain import Hemisphere
from core.cli.main import main
from core.datasets import find_subjects, open_subject
from core.datasets.nsd import prepare as prepare_module
from core.datasets.nsd import prepare_subject, sessions
from core.datasets.nsd.averages import Repeats, ncsnr_of
from core.datasets.nsd.betas import z_score_blocks
from core.datasets.nsd.design import read_design
from core.datasets.nsd.split import split_images
from core.errors import CoreError, DamagedFile, IncompatibleSpace, InvalidInput, MissingData
from core.evaluation.ceiling import ncsnr_from_repeats
from tests import tiny_nsd as tiny

LONG = {"lh": Hemisphere.LEFT, "rh": Hemisphere.RIGHT}
ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
import numpy
from pathlib import Path
from core.datasets.nsd import prepare_subject, sessions
from tests import tiny_nsd as tiny

root, out, step = sys.argv[1:]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
real, calls = sessions.z_score_blocks, []

def scores(betas, vertices):
    calls.append(1)
    for where, values in real(betas, vertices):
        yield where, values
        if step == "in a session" and len(calls) == 4:
            die()

sessions.z_score_blocks = scores
if step == "while averaging":
    sessions.ncsnr_of = die
    sessions.Repeats.average = die
if step == "in the sidecar":
    numpy.save = die
told = lambda share, message: step == "among the images" and share > 0.95 and die()
prepare_subject(
    root, "subj01", out, images=Path(root).parent / "pictures", progress=told, **tiny.SETTINGS
)
"""


@pytest.fixture(scope="module")
def nsd(tmp_path_factory) -> Path:
    return tiny.write_nsd(tmp_path_factory.mktemp("data") / "nsd")


@pytest.fixture
def own_nsd(nsd, tmp_path) -> Path:
    shutil.copytree(nsd, tmp_path / "nsd")
    return tmp_path / "nsd"


def prepare(root: Path, out: Path, **settings) -> Path:
    pictures = settings.pop("images", None) or root.parent / "pictures"
    if not pictures.is_dir():  # a copied tree has none of its own
        pictures.mkdir()
        for number in tiny.images_of(1):
            Image.new("RGB", (8, 8), (number % 256, 0, 0)).save(
                pictures / f"nsd-{number - 1:05d}.png"
            )
    settings = {**tiny.SETTINGS, "images": pictures, **settings}
    return prepare_subject(root, settings.pop("subject", "subj01"), out, **settings)


def in_memory(root: Path, short: str, n_sessions: int = tiny.SESSIONS):
    """Z-scores (n_trials, n_kept), and image -> mean response, by loops."""
    trials = tiny.read_trials(root, short, n_sessions)
    scores = np.zeros_like(trials)
    for session in range(n_sessions):
        rows = slice(session * tiny.TRIALS, (session + 1) * tiny.TRIALS)
        for v in range(trials.shape[1]):
            x = trials[rows, v]
            scores[rows, v] = 0 if x.max() == x.min() else (x - x.mean()) / x.std()
    images = [tiny.images_of(1)[k - 1] - 1 for k in tiny.ORDER[: len(trials)]]
    means = {i: scores[[j == i for j in images]].mean(axis=0) for i in set(images)}
    return scores, np.array(images), means


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_responses_and_ncsnr_equal_a_computation_in_memory(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    broken = tiny.KEPT["rh"].index(tiny.BROKEN[1])
    ncsnr = subject.space.split(np.asarray(subject.ncsnr))
    for short, hemisphere in LONG.items():
        scores, images, means = in_memory(nsd, short)
        if short == "rh":
            scores = np.delete(scores, broken, axis=1)
            means = {i: np.delete(m, broken) for i, m in means.items()}
        for split in (subject.train, subject.test):
            expected = np.array([means[int(i.removeprefix("nsd-"))] for i in split.images.ids])
            assert split.responses[hemisphere].dtype == np.float32
            np.testing.assert_allclose(split.responses[hemisphere], expected, atol=1e-5)
        plain = ncsnr_from_repeats(scores, images)
        if short == "lh":  # there the total variance is not 1
            once = tiny.KEPT["lh"].index(tiny.CONSTANT_ONCE[1])
            plain[once] = ncsnr[hemisphere][once]
        np.testing.assert_allclose(ncsnr[hemisphere], plain, atol=1e-5)
        assert np.max(ncsnr[hemisphere]) > 0.5


def test_a_vertex_constant_in_a_session_has_less_variance_to_explain(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    scores, images, means = in_memory(nsd, "lh")
    v = tiny.KEPT["lh"].index(tiny.CONSTANT_ONCE[1])
    noise = np.mean([np.var(scores[images == i, v], ddof=1) for i in means])
    total = np.var(scores[:, v])
    assert total == pytest.approx((tiny.SESSIONS - 1) / tiny.SESSIONS)
    expected = np.sqrt(max(0, total - noise) / noise)
    assert subject.ncsnr[v] == pytest.approx(expected, abs=1e-5)


def test_constant_and_broken_vertices_are_counted_and_broken_ones_left_out(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    assert subject.details["hemispheres"] == {
        "lh": {
            "vertices": 7,
            "not_finite_left_out": 0,
            "constant_in_a_session": 2,
            "constant_throughout": 1,
        },
        "rh": {
            "vertices": 4,
            "not_finite_left_out": 1,
            "constant_in_a_session": 0,
            "constant_throughout": 0,
        },
    }
    v = tiny.KEPT["lh"].index(tiny.CONSTANT[1])
    assert subject.ncsnr[v] == 0
    assert not np.any(subject.train.responses[Hemisphere.LEFT][:, v])
    assert list(subject.space.index[Hemisphere.LEFT]) == tiny.KEPT["lh"]
    assert list(subject.space.index[Hemisphere.RIGHT]) == [0, 7, 700, 7000]


def test_a_constant_vertex_is_exactly_zero(rng):
    values = rng.normal(size=50).astype(np.float32)
    betas = np.repeat(values[None], 750, axis=0).astype(">f4")
    betas[0, 7] += 1e-6
    ((_, scores),) = z_score_blocks(betas, np.arange(50))
    assert not np.delete(scores, 7, axis=0).any()
    assert scores[7].std() == pytest.approx(1)


def test_images_are_in_order_of_their_number_and_are_the_right_pictures(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    expected = sorted(n - 1 for n in tiny.images_of(1)[3:])
    assert subject.train.images.ids == tuple(f"nsd-{n:05d}" for n in expected)
    assert subject.test.images.ids == ("nsd-00010", "nsd-00904", "nsd-71999")
    pictures = nsd.parent / "pictures" / "deeper"
    for name, path in zip(subject.train.images.ids, subject.train.images.paths, strict=True):
        assert path.read_bytes() == (pictures / f"{name}.png").read_bytes()


def test_labels_on_fsaverage_become_rois(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    early = subject.parcellation.vertices("early", Hemisphere.LEFT)
    assert list(early) == [1, 4]
    # Vertex 70, the third on the right, was left out.
    assert list(subject.parcellation.vertices("early", Hemisphere.RIGHT)) == [1, 3]
    assert len(subject.parcellation.vertices("midventral", Hemisphere.RIGHT)) == 0
    assert subject.details["roi_classes"] == ["streams"]


def test_repeats_are_those_of_the_sessions_read(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path, sessions=2))
    shown = [tiny.images_of(1)[k - 1] - 1 for k in tiny.ORDER[: 2 * tiny.TRIALS]]
    for split in (subject.train, subject.test):
        counts = [shown.count(int(i.removeprefix("nsd-"))) for i in split.images.ids]
        assert list(split.repeats) == counts
    assert subject.details["test_set"] == "shared-seen"


@pytest.mark.parametrize(
    ("n_sessions", "test", "name", "tested", "aside"),
    [
        (4, "shared", "shared1000", [11, 905, 72_000], []),
        (4, "shared515", "shared515", [11, 905], [72_000]),
        (3, "shared", "shared515", [11, 905], [72_000]),
        (1, "shared", "shared-seen", [11, 905], []),
    ],
)
def test_no_shared_image_is_ever_fitted(nsd, n_sessions, test, name, tested, aside):
    path = nsd / "nsddata/experiments/nsd/nsd_expdesign.mat"
    split = split_images(read_design(path, "subj03", **tiny.SETTINGS), n_sessions, test)
    assert split.name == name
    assert list(split.test) == [n - 1 for n in tested]
    assert list(split.aside) == [n - 1 for n in aside]
    assert not set(split.train) & {n - 1 for n in tiny.SHARED}


def test_the_design_of_each_subject_is_its_own_row(nsd):
    path = nsd / "nsddata/experiments/nsd/nsd_expdesign.mat"
    for subject in (1, 5):
        design = read_design(path, f"subj{subject:02d}", **tiny.SETTINGS)
        assert list(design.image) == [tiny.images_of(subject)[k - 1] - 1 for k in tiny.ORDER]


@pytest.mark.parametrize("killed_after", [0, 3, 8, 9, 12])
def test_a_resumed_preparation_equals_an_uninterrupted_one(
    nsd, tmp_path, monkeypatch, killed_after
):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))
    steps = {"left": killed_after, "read": 0}

    def until_killed(share, message):
        steps["left"] -= 1
        if steps["left"] < 0:
            raise KeyboardInterrupt

    out = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        prepare(nsd, out, progress=until_killed)
    assert not (out / "subj01").exists()
    real = sessions.z_score_blocks

    def counted(*given):
        steps["read"] += 1
        return real(*given)

    monkeypatch.setattr(sessions, "z_score_blocks", counted)
    assert everything_below(prepare(nsd, out)) == whole
    assert steps["read"] == max(0, 2 * tiny.SESSIONS - killed_after)
    assert [p.name for p in out.iterdir()] == ["subj01"]


def test_a_session_that_was_cut_off_halfway_is_done_again(nsd, tmp_path, monkeypatch):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))

    def dies(betas, vertices):
        yield slice(0, 2), np.full((2, tiny.TRIALS), 99, dtype=np.float32)
        raise KeyboardInterrupt

    out = tmp_path / "resumed"
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "z_score_blocks", dies)
        with pytest.raises(KeyboardInterrupt):
            prepare(nsd, out)
    assert everything_below(prepare(nsd, out)) == whole


@pytest.mark.parametrize(
    "step", ["in a session", "while averaging", "in the sidecar", "among the images"]
)
def test_after_kill_minus_nine_it_goes_on_to_the_same_result(nsd, tmp_path, step):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))
    out = tmp_path / "resumed"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(nsd), str(out), step], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    left = [p.name for p in out.rglob("*") if p.name.endswith((".part", ".draft"))]
    assert left or step == "among the images"
    assert not (out / "subj01").exists()
    assert everything_below(prepare(nsd, out)) == whole
    assert [p.name for p in out.iterdir()] == ["subj01"]


def test_blocks_do_not_change_the_result(nsd, tmp_path, monkeypatch):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))
    monkeypatch.setattr(sessions, "_COLUMNS", 3)
    monkeypatch.setattr(sessions, "_NUMBERS_PER_BLOCK", 2 * len(tiny.ORDER))
    monkeypatch.setattr("core.datasets.nsd.betas._NUMBERS_PER_BLOCK", 2 * tiny.TRIALS)
    assert everything_below(prepare(nsd, tmp_path / "blocks")) == whole


def test_the_same_call_again_finds_what_is_there_and_another_is_refused(nsd, tmp_path):
    first = prepare(nsd, tmp_path)
    before = (first / "training_split").stat().st_mtime_ns
    assert prepare(nsd, tmp_path) == first
    assert (first / "training_split").stat().st_mtime_ns == before
    with pytest.raises(InvalidInput, match="exists already"):
        prepare(nsd, tmp_path, sessions=3)


def test_work_begun_with_other_settings_is_not_mixed_in(nsd, tmp_path, monkeypatch):
    def killed(share, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(nsd, tmp_path, progress=killed)
    with pytest.raises(InvalidInput, match="begun with other sessions, test, inputs"):
        prepare(nsd, tmp_path, sessions=3)


def test_the_data_folder_is_only_read(nsd, tmp_path):
    before = everything_below(nsd)
    prepare(nsd, tmp_path)
    assert everything_below(nsd) == before
    with pytest.raises(InvalidInput, match="inside the data folder"):
        prepare(nsd, nsd / "made")
    assert [s.id for s in find_subjects(tmp_path)] == ["subj01"]


def test_progress_rises_to_one(nsd, tmp_path):
    told = []
    prepare(nsd, tmp_path, progress=lambda share, message: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1


def test_all_vertices_or_a_mask_of_ones_own_can_be_taken(nsd, tmp_path):
    everything = open_subject(prepare(nsd, tmp_path / "all", mask="all"))
    assert everything.space.n_vertices() == 2 * tiny.N_TEMPLATE - 1
    own = {h: np.zeros(tiny.N_TEMPLATE) for h in LONG.values()}
    own[Hemisphere.LEFT][[5, 10]] = 1
    own[Hemisphere.RIGHT][2] = 2
    few = open_subject(prepare(nsd, tmp_path / "own", mask=own))
    assert list(few.space.index[Hemisphere.LEFT]) == [5, 10]
    for h in LONG.values():
        np.testing.assert_array_equal(
            few.train.responses[h],
            everything.train.responses[h][
                :, np.searchsorted(everything.space.index[h], few.space.index[h])
            ],
        )


def test_the_masks_of_an_algonauts_folder_can_be_taken(nsd, tmp_path):
    first = prepare(nsd, tmp_path / "first")
    second = open_subject(prepare(nsd, tmp_path / "second", mask=first / "roi_masks"))
    assert second.space.n_vertices() == 11
    assert list(second.parcellation.vertices("early", Hemisphere.LEFT)) == [1, 4]


def test_ncsnr_recovers_what_was_put_in(rng):
    image = rng.permutation(np.repeat(np.arange(2000), 3))
    true = np.array([0.0, 0.5, 1.5])
    trials = (rng.normal(size=(2000, 3)) * true)[image] + rng.normal(size=(6000, 3))
    trials = (trials - trials.mean(axis=0)) / trials.std(axis=0)
    _, noise = Repeats(image).average(trials.T)
    found = ncsnr_of(noise, np.ones(3))
    np.testing.assert_allclose(found[1:], true[1:], atol=0.05)
    assert found[0] < 0.15
    np.testing.assert_allclose(found, ncsnr_from_repeats(trials, image), atol=1e-9)


def test_without_a_repeated_image_ncsnr_is_unknown(own_nsd, tmp_path):
    path = own_nsd / "nsddata/experiments/nsd/nsd_expdesign.mat"
    stored = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    stored["masterordering"][0, :6] = [1, 4, 2, 5, 6, 3]
    savemat(path, stored)
    subject = open_subject(prepare(own_nsd, tmp_path / "out", sessions=1))
    assert subject.ncsnr is None
    assert list(subject.test.repeats) == [1, 1, 1]


def _session(root: Path, name: str) -> Path:
    return root / tiny.BETAS.format("subj01") / name


def _rewrite(path: Path, values: np.ndarray) -> None:
    nibabel.save(nibabel.freesurfer.MGHImage(values, np.eye(4)), path)


def _cut(root: Path) -> None:
    path = _session(root, "lh.betas_session02.mgh")
    path.write_bytes(path.read_bytes()[:-5000])  # of which 20 are a trailer


def _wrong_vertices(root: Path) -> None:
    values = np.zeros((10_000, 1, 1, 6), np.float32)
    _rewrite(_session(root, "rh.betas_session01.mgh"), values)


def _wrong_trials(root: Path) -> None:
    values = np.zeros((tiny.N_TEMPLATE, 1, 1, 5), np.float32)
    _rewrite(_session(root, "rh.betas_session04.mgh"), values)


def _wrong_type(root: Path) -> None:
    values = np.zeros((tiny.N_TEMPLATE, 1, 1, 6), np.int16)
    _rewrite(_session(root, "rh.betas_session01.mgh"), values)


def _not_mgh(root: Path) -> None:
    _session(root, "rh.betas_session01.mgh").write_bytes(b"no")


def _missing(root: Path) -> None:
    _session(root, "lh.betas_session02.mgh").unlink()


def _compressed(root: Path) -> None:
    path = _session(root, "lh.betas_session02.mgh")
    path.rename(path.with_suffix(".mgz"))


def _no_design(root: Path) -> None:
    (root / "nsddata/experiments/nsd/nsd_expdesign.mat").unlink()


def _bad_design(root: Path) -> None:
    (root / "nsddata/experiments/nsd/nsd_expdesign.mat").write_bytes(b"text")


def _half_design(root: Path) -> None:
    savemat(root / "nsddata/experiments/nsd/nsd_expdesign.mat", {"sharedix": [1]})


def _short_design(root: Path) -> None:
    path = root / "nsddata/experiments/nsd/nsd_expdesign.mat"
    stored = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    stored["masterordering"] = stored["masterordering"][:, :18]
    savemat(path, stored)


def _no_mask(root: Path) -> None:
    (root / "nsddata/freesurfer/fsaverage/label/rh.nsdgeneral.mgz").unlink()


def _native_mask(root: Path) -> None:
    path = root / "nsddata/freesurfer/fsaverage/label/rh.nsdgeneral.mgz"
    _rewrite(path, np.ones((9000, 1, 1), np.int32))


@pytest.mark.parametrize(
    ("break_it", "error", "words"),
    [
        (_cut, DamagedFile, "lh.betas_session02.mgh is truncated: 4,980 bytes"),
        (_wrong_vertices, DamagedFile, "is 10000 x 1 x 1 x 6; expected 163842 x 1 x 1 x 6"),
        (_wrong_trials, DamagedFile, "rh.betas_session04.mgh has 5 trials; a session has 6"),
        (_wrong_type, DamagedFile, "int16; the betas on fsaverage are float32"),
        (_not_mgh, DamagedFile, "cannot be read as an MGH file"),
        (_missing, MissingData, "lh.betas_session02.mgh is missing; 4 sessions"),
        (_compressed, InvalidInput, "lh.betas_session02.mgz is compressed"),
        (_no_design, MissingData, "nsd_expdesign.mat is missing"),
        (_bad_design, DamagedFile, "cannot be read as a MATLAB file"),
        (_half_design, DamagedFile, "has no masterordering and no subjectim"),
        (_short_design, InvalidInput, "4 sessions were asked for; the design plans 3 of 6"),
        (_no_mask, MissingData, "no rh.nsdgeneral.mgz"),
        (_native_mask, IncompatibleSpace, "9,000 values; the betas have 10,242"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_before_any_work(
    own_nsd, tmp_path, break_it, error, words
):
    break_it(own_nsd)
    with pytest.raises(error, match=words) as told:
        prepare(own_nsd, tmp_path / "out")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"subject": "subj09"}, "Unknown NSD subject 'subj09'.*subj01"),
        ({"subject": "subj02"}, "subj02/fsaverage/betas_fithrf_GLMdenoise_RR is missing"),
        ({"sessions": 5}, "session05.mgh is missing; 5 sessions"),
        ({"sessions": 0}, "0; it must be 1 or more"),
        ({"sessions": 3, "test": "shared1000"}, "shared1000 needs 4 sessions; 3 are read"),
        ({"test": "last"}, "Unknown test set 'last'"),
        ({"mask": "V9"}, "no lh.V9.mgz"),
        ({"trials_per_session": 750}, "the design plans 0 of 750"),
    ],
)
def test_what_cannot_be_asked_for_is_told_in_one_line(nsd, tmp_path, settings, words):
    with pytest.raises(CoreError, match=words):
        prepare(nsd, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_told_before_the_work(nsd, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(prepare_module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InvalidInput, match="GB are needed"):
        prepare(nsd, tmp_path)


def test_a_missing_picture_is_named(nsd, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    (few / "nsd-00010.png").write_bytes(b"")
    with pytest.raises(MissingData, match="7 of 8 images are not in .*nsd-01001.png"):
        prepare(nsd, tmp_path / "out", images=few)


def test_without_the_stimulus_file_a_folder_of_pictures_is_offered(nsd, tmp_path):
    with pytest.raises(MissingData, match=r"nsd_stimuli.hdf5 is missing.*--images"):
        prepare_subject(nsd, "subj01", tmp_path / "out", **tiny.SETTINGS)


def test_without_h5py_the_package_is_named(nsd, tmp_path, monkeypatch):
    (tmp_path / "nsd").mkdir()
    root = shutil.copytree(nsd, tmp_path / "nsd", dirs_exist_ok=True)
    (root / "nsd_stimuli.hdf5").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InvalidInput, match="pip install h5py"):
        prepare_subject(root, "subj01", tmp_path / "out", **tiny.SETTINGS)


def test_pictures_are_cut_out_of_the_stimulus_file(own_nsd, tmp_path, rng):
    h5py = pytest.importorskip("h5py", reason="h5py is optional")
    where = own_nsd / "nsddata_stimuli/stimuli/nsd"
    where.mkdir(parents=True)
    pixels = {n - 1: rng.integers(0, 256, (6, 6, 3), dtype=np.uint8) for n in tiny.images_of(1)}
    with h5py.File(where / "nsd_stimuli.hdf5", "w") as stored:
        brick = stored.create_dataset(
            "imgBrick", (73_000, 6, 6, 3), dtype=np.uint8, chunks=(1, 6, 6, 3)
        )
        for number, picture in pixels.items():
            brick[number] = picture
    folder = prepare_subject(own_nsd, "subj01", tmp_path / "out", **tiny.SETTINGS)
    subject = open_subject(folder)
    for images in (subject.train.images, subject.test.images):
        for name, path in zip(images.ids, images.paths, strict=True):
            expected = pixels[int(name.removeprefix("nsd-"))]
            np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)


def test_the_verb_prepares_and_tells_what_it_made(nsd, tmp_path, monkeypatch, capsys):
    real = prepare_module.prepare_subject
    monkeypatch.setattr(
        "core.cli.verb_prepare_nsd.prepare_subject", lambda *a, **k: real(*a, **tiny.SETTINGS, **k)
    )
    arguments = ["prepare-nsd", "--data", str(nsd), "--subject", "subj01", "--out", str(tmp_path)]
    arguments += ["--images", str(nsd.parent / "pictures"), "--sessions", "3"]
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["images"] == {"train": 5, "test": 2, "shared_put_aside": 1}
    assert main(arguments) == 0
    assert "5 train, 2 test (shared515), 1 shared ones put aside" in capsys.readouterr().out
