from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest

from cortiscope.core.config import fingerprint, to_plain


@dataclass(frozen=True)
class _Inner:
    names: tuple[str, ...] = ("a",)


@dataclass(frozen=True)
class _Spec:
    x: float = 1.0
    inner: _Inner = _Inner()
    device: str = field(default="cpu", metadata={"cosmetic": True})


def test_equal_values_have_one_fingerprint_and_cosmetic_fields_do_not_count():
    assert fingerprint(_Spec()) == fingerprint(_Spec(device="cuda"))
    assert len(fingerprint(_Spec())) == 16


@pytest.mark.parametrize("change", [{"x": 2.0}, {"inner": _Inner(("a", "b"))}])
def test_relevant_fields_change_it(change):
    assert fingerprint(replace(_Spec(), **change)) != fingerprint(_Spec())


def test_plain_form_is_json_and_unknown_types_are_refused():
    assert to_plain(_Spec()) == {
        "type": "_Spec",
        "x": 1.0,
        "inner": {"type": "_Inner", "names": ["a"]},
        "device": "cpu",
    }
    with pytest.raises(TypeError, match="object"):
        fingerprint(object())


def test_a_renamed_class_keeps_its_stored_name_and_its_subclasses_have_their_own():
    @dataclass(frozen=True)
    class Renamed:
        stored_as: ClassVar[str] = "Former"

        x: int = 1

    @dataclass(frozen=True)
    class Narrower(Renamed):
        pass

    assert to_plain(Renamed()) == {"type": "Former", "x": 1}
    assert to_plain(Narrower()) == {"type": "Narrower", "x": 1}
