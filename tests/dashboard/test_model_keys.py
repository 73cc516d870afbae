"""Names of encoding models in menus and in the address: a link opens what it was made from."""

from dataclasses import replace
from pathlib import Path

import pytest

from cortiscope import state
from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.config import to_plain
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.features import FeatureSpec
from cortiscope.core.runs import EncodingSpec, Run
from cortiscope.core.runs.facts import RunFacts, RunSource
from cortiscope.core.runs.spec import SubjectData
from cortiscope.subject.model_menu import ModelKey, backbone_title, order_of_choice

_WEIGHTS = {"kind": "pretrained", "seed": 0, "sha256": None, "label": "pretrained"}


def _run(*sources, encoder="ridge", scope="both", along=()):
    weights = WeightsSpec("pretrained")
    spec = EncodingSpec(
        "sim01",
        "",
        tuple(FeatureSpec(name, weights, layer) for name, layers in sources for layer in layers),
        encoder=RegressorSpec(encoder),
        scope=scope,
        with_subjects=tuple(SubjectData(name, "") for name in along),
    )
    facts = RunFacts(
        "a title",
        tuple(RunSource(name, _WEIGHTS, tuple(layers)) for name, layers in sources),
        *("pretrained", True, "2023-08-01T12:00:00+00:00", {}, {"lh": 7, "rh": 5}),
        *(16, {"sim01": 16}, 20, 6, ((0,),)),
    )
    return Run(Path("run"), {**to_plain(facts), "spec": to_plain(spec)})


RUNS = [
    _run(("small_cnn", ["block1"])),
    _run(("small_cnn", ["block1", "block2"]), encoder="banded"),
    _run(("gabor", ["energy"]), ("small_cnn", ["block2"]), scope="roi_class", along=["sim02"]),
    _run(
        ("gabor", ["energy"]),
        ("small_cnn", ["block1", "block2", "block3", "block4"]),
        ("openclip_convnext_base", ["visual.trunk.stages.0.blocks.0", "embedding"]),
        encoder="stacked",
    ),
]


@pytest.mark.parametrize("run", RUNS)
def test_a_key_is_read_back_and_may_stand_in_an_address(run):
    key = ModelKey.of(run)
    assert ModelKey.parse(str(key)) == key
    for part in (key.backbone, key.layer, key.regressor, str(key)):
        assert state.is_readable(part), part


def test_an_encoder_that_predicts_few_vertices_well_is_not_the_best():
    def run(mean_r, n_undefined):
        whole = {"roi": ALL_VERTICES, "hemisphere": "both", "n": 20, "n_undefined": n_undefined}
        scores = {"split": "test", "n_images": 9, "rois": [{**whole, "mean_r": mean_r}]}
        record = {"validation": scores, "report": scores, "predictor": {"kind": "linear"}}
        return Run(Path("run"), record)

    sparse, full, silent = run(0.5, 16), run(0.3, 0), run(None, 20)
    assert sorted([full, silent, sparse], key=order_of_choice) == [silent, sparse, full]
    assert order_of_choice(sparse) == pytest.approx(0.1)


def test_several_networks_and_a_scope_are_named():
    assert backbone_title(RUNS[2]) == "Gabor energy · trained + Small CNN · trained"
    assert ModelKey.of(RUNS[2]).regressor == "ridge per roi class cross-subject"
    assert (
        ModelKey.of(RUNS[3]).layer == "gabor:energy .. openclip_convnext_base:embedding - 7 layers"
    )


def test_a_finetuned_network_is_another_in_menus_keys_and_curves():
    plain, moved = (
        replace(
            run := _run(("small_cnn", ("block4",))),
            record={
                **run.record,
                "sources": [
                    {**run.record["sources"][0], "weights": {**_WEIGHTS, "finetuned": finetuned}}
                ],
            },
        )
        for finetuned in ("", "f27b09da96f8c8bb")
    )
    assert backbone_title(moved) == f"{backbone_title(plain)}, finetuned f27b09da"
    assert ModelKey.of(moved) != ModelKey.of(plain)
    assert ModelKey.parse(str(ModelKey.of(moved))) == ModelKey.of(moved)
    assert "finetuned f27b09da" in ModelKey.of(moved).title
