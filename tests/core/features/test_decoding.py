"""Batches prepared ahead: in order, each once, errors told, torch's threads left alone."""

import threading

import pytest
import torch

from cortiscope.core.errors import InvalidImage
from cortiscope.core.features.extract import prepared_batches
from cortiscope.core.stimuli import StimulusImages

BATCHES = [range(0, 3), range(3, 4), range(4, 7)]


def test_batches_come_in_order_as_if_prepared_one_by_one(tiny_backbone, images):
    found = list(prepared_batches(tiny_backbone, images, BATCHES))
    for rows, batch in zip(BATCHES, found, strict=True):
        expected = torch.stack([tiny_backbone.prepare(images, i) for i in rows])
        assert torch.equal(batch, expected)
    assert list(prepared_batches(tiny_backbone, images, [])) == []


def test_no_more_than_the_next_batch_is_prepared_ahead(tiny_backbone, images, monkeypatch):
    seen, prepare = [], tiny_backbone.prepare
    monkeypatch.setattr(tiny_backbone, "prepare", lambda s, i: seen.append(i) or prepare(s, i))
    batches = prepared_batches(tiny_backbone, images, BATCHES)
    next(batches)
    batches.close()
    assert set(seen) <= {0, 1, 2, 3}


def test_the_first_image_that_cannot_be_read_is_told(tiny_backbone, images, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    paths = (*images.paths[:4], broken, *images.paths[5:])
    damaged = prepared_batches(tiny_backbone, StimulusImages.from_paths(paths), BATCHES)
    next(damaged), next(damaged)
    with pytest.raises(InvalidImage, match=r"broken\.png"):
        next(damaged)


def test_threads_that_decode_compute_alone_and_others_as_before(tiny_backbone, images, monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    inside, prepare = [], tiny_backbone.prepare
    monkeypatch.setattr(
        tiny_backbone,
        "prepare",
        lambda s, i: inside.append(torch.get_num_threads()) or prepare(s, i),
    )
    try:
        assert len(list(prepared_batches(tiny_backbone, images, BATCHES))) == 3
        assert set(inside) == {1}
        assert torch.get_num_threads() == 3
        later = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert later == [3]
    finally:
        torch.set_num_threads(before)
