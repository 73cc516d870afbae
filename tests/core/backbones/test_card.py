import shutil

import pytest

from cortiscope.core.backbones import WeightsSpec, backbone_names, get_card
from cortiscope.core.config import fingerprint
from cortiscope.core.errors import InvalidInput, MissingWeights, UnknownName


def test_key_of_a_file_is_its_content_and_not_its_place(tmp_path):
    first, second = tmp_path / "a.pth", tmp_path / "b.pth"
    first.write_bytes(b"weights")
    shutil.copy(first, second)
    one, two = WeightsSpec.from_file(first), WeightsSpec.from_file(second)
    assert one != two
    assert fingerprint(one) == fingerprint(two)
    second.write_bytes(b"other weights")
    assert fingerprint(one) != fingerprint(WeightsSpec.from_file(second))


def test_seed_counts_for_untrained_weights_only():
    assert fingerprint(WeightsSpec("untrained", 1)) != fingerprint(WeightsSpec("untrained", 2))
    assert WeightsSpec("pretrained", seed=1) == WeightsSpec("pretrained", seed=2)


def test_impossible_weights_are_refused(tmp_path):
    with pytest.raises(UnknownName):
        WeightsSpec("trained")
    with pytest.raises(InvalidInput, match="from_file"):
        WeightsSpec("file", path="a.pth")
    with pytest.raises(MissingWeights):
        WeightsSpec.from_file(tmp_path / "absent.pth")


def test_labels_say_which_weights():
    card = get_card("resnet50")
    assert card.weights_label(WeightsSpec("pretrained")) == "pretrained (ImageNet-1k V2)"
    assert card.weights_label(WeightsSpec("untrained", seed=4)) == "untrained, seed 4"
    chosen = WeightsSpec("pretrained", variant="IMAGENET1K_V1", sha256="0676ba61")
    assert card.weights_label(chosen) == "pretrained (ImageNet-1k V1)"


def test_a_file_that_is_not_the_published_one_is_labelled_so():
    odd = WeightsSpec("pretrained", variant="IMAGENET1K_V1", sha256="f" * 64)
    assert "other than the published" in get_card("resnet50").weights_label(odd)


def test_a_card_shows_itself_in_three_short_lines():
    for name in backbone_names():
        lines = repr(get_card(name)).splitlines()
        assert len(lines) == 3
        assert name in lines[0]
        assert max(map(len, lines)) < 180
