"""What may stand in the address: any name that a folder can have, and nothing unreadable."""

import unicodedata

import pytest

from cortiscope.state import Selection, is_readable, to_address

NAMES = (
    "subj01",
    "Anna B. (2), Zürich",
    unicodedata.normalize("NFD", "Müller"),
    "被験者 1",
    "a&b=c#d?e%41+f",
    "it's “quoted” <b>",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_subject_of_any_name_may_stand_in_the_address(name):
    assert is_readable(name)
    assert to_address(Selection(subject=name)) == {"subject": name}


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "\u202eevil", "x" * 301])
def test_what_cannot_be_printed_or_is_endless_may_not(value):
    assert not is_readable(value)
