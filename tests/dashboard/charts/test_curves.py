"""Curves of a statistic: what shares an axis, what is marked, what a place's own curves are."""

from cortiscope.charts.curves import curves

TRAINING = {
    "epoch": [1, 2, 3],
    "train_loss": [1.0, 0.8, 0.5],
    "validation_loss": [1.0, 0.9, 0.95],
    "train_r": [0.1, 0.4, 0.6],
    "validation_r": [None, 0.3, 0.25],
    "kept_epoch": 2,
}
RATE = {"n_vertices": 9, "set_size": [2, 20], "rate": [0.9, 0.5], "chance": [0.5, 0.05]}


def test_losses_and_correlations_have_a_panel_each_and_the_kept_epoch_is_marked():
    drawn = curves(TRAINING, {}, stamp="SIMULATED", theme="light")
    axes = {trace["name"].partition(",")[0]: trace["yaxis"] for trace in drawn["data"]}
    assert axes == {
        "train loss": "y",
        "validation loss": "y",
        "train r": "y2",
        "validation r": "y2",
    }
    layout = drawn["layout"]
    assert layout["yaxis"]["title"]["text"] == "loss"
    assert layout["yaxis2"]["title"]["text"] == "r"
    assert layout["yaxis"]["domain"][0] > layout["yaxis2"]["domain"][1]
    assert layout["xaxis"]["type"] == "linear"
    assert [(mark["x0"], mark["x1"]) for mark in layout["shapes"]] == [(2, 2)]
    assert drawn["data"][3]["y"] == [None, 0.3, 0.25]


def test_a_place_stands_beside_everything_or_alone():
    drawn = curves(RATE, {"FFA left": {**RATE, "rate": [0.7, 0.2]}}, stamp="", theme="dark")
    assert [t["name"] for t in drawn["data"]] == ["rate, everything", "chance", "rate, FFA left"]
    assert drawn["layout"]["xaxis"]["type"] == "log"
    assert {t["yaxis"] for t in drawn["data"]} == {"y"}
    alone = curves(None, {"FFA left": RATE}, stamp="", theme="dark")
    assert [t["name"] for t in alone["data"]] == ["rate, FFA left", "chance"]
