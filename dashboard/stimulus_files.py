"""Which file a stimulus address means: ``/stimuli/{subject}.{fingerprint}/{split}/{row}``.

The subject is in hexadecimal: a folder may have any name, an address may not. A long name is
hashed instead and looked up among the subjects there are.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from cortiscope import services
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.storage import content_hashes
from cortiscope.stimulus_gallery import stimulus_base_url

_LONGEST = 32  # bytes of a name that is spelled out


def stimulus_key(subject: Subject) -> str:
    """Name a subject's images so that the address changes when the data do."""
    return f"{spelled(subject.id)}.{subject.fingerprint}"


def stimulus_address(subject: Subject) -> str:
    """Return where a subject's images are served, relative to the app."""
    return stimulus_base_url(stimulus_key(subject))


def spelled(subject_id: str) -> str:
    """Return a subject's name as it can stand in an address."""
    plain = subject_id.encode("utf-8", "surrogateescape")
    # x is no hexadecimal digit.
    return plain.hex() if len(plain) <= _LONGEST else f"x{hashlib.sha256(plain).hexdigest()[:32]}"


def subject_spelled(name: str) -> str:
    """Return the subject that an address names so; empty where none does.

    Raises
    ------
    ValueError : it is no such name.
    """
    if name.startswith("x"):
        known = {spelled(subject_id): subject_id for subject_id in services.subject_folders()}
        return known.get(name, "")
    return bytes.fromhex(name).decode("utf-8", "surrogateescape")


def stimulus_file(key: str, split: str, number: int) -> Path | None:
    """Find the file of an image; None if the key, split or number is not known.

    Nor is a file given that holds another picture than when the key was made: browsers keep for
    ever what they are given under it.
    """
    name, _, fingerprint = key.rpartition(".")
    try:
        subject = services.subject(subject_spelled(name))
    except (CoreError, ValueError):
        return None
    if subject.fingerprint != fingerprint or split not in ("train", "test"):
        return None
    images = subject.split(split).images
    if not 0 <= number < len(images):
        return None
    path = images.paths[number]
    try:
        known = services.picture_digests(subject.id, fingerprint)
        return path if content_hashes().digest(path) == known[split][number] else None
    except CoreError:
        return None
