"""Weights files on this machine: in which library's cache, and whether they are intact.

Nothing is ever downloaded: a file is looked for under its exact name, so that absent weights are
reported at once and not after a library's attempts to reach the network. No torch here.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import runpy
import zipfile
from pathlib import Path

from cortiscope.core.backbones.card import (
    BackboneCard,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
    sha256_of,
)
from cortiscope.core.errors import DamagedFile, MissingWeights

_SHA256 = re.compile(r"[0-9a-f]{64}")


def checkpoints_folder() -> Path:
    """Return the folder where torch keeps downloaded weights, by torch.hub's own rule."""
    home = os.environ.get("TORCH_HOME", str(_user_cache() / "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints"


def hub_folder() -> Path:
    """Return the Hugging Face hub's cache, which huggingface_hub itself is asked for."""
    asked = {k: v for k, v in os.environ.items() if k.startswith(("HF_", "HUGGINGFACE_", "XDG_"))}
    return _hub_folder(tuple(sorted(asked.items())), os.environ.get("HOME", ""))


@functools.lru_cache(maxsize=8)
def _hub_folder(asked: tuple[tuple[str, str], ...], home: str) -> Path:
    """Run the library's table of constants by itself, as the environment is now.

    Importing the library reads it once for good, and takes longer than listing all backbones.
    """
    package = importlib.util.find_spec("huggingface_hub")
    (folder,) = (package.submodule_search_locations if package else None) or ("",)
    table = Path(folder) / "constants.py"
    return Path(runpy.run_path(str(table))["HF_HUB_CACHE"]).expanduser()


def clip_folder() -> Path:
    """Return the folder where open_clip, as OpenAI's own package, keeps plain downloads."""
    return Path("~/.cache/clip").expanduser()


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))


def resolve_file(card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
    """Name the published set, and its hash: the published digits, or else what is there.

    A file may bear the published name and hold other bytes (a conversion, another precision).
    It then has its own key, and the card's ``weights_label`` says so. Where no digits are
    published, the hash is that of the file, and a hash that is known already stays.
    """
    if weights.kind != "pretrained":
        return weights
    chosen = card.pretrained_set(weights.variant)
    path = find_file(chosen)
    if path is None:
        digest = chosen.sha256_digits or weights.sha256
    else:
        found = _blob_hash(path) or sha256_of(path)
        published = chosen.sha256_digits and found.startswith(chosen.sha256_digits)
        digest = chosen.sha256_digits if published else found
    return WeightsSpec("pretrained", sha256=digest, variant=chosen.variant)


def file_presence(card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
    """Look for the file of a published set."""
    if weights.kind != "pretrained":
        return WeightsPresence(True)
    chosen = card.pretrained_set(weights.variant)
    found = find_file(chosen)
    if found is not None:
        return WeightsPresence(True, found)
    path = places(chosen)[0]
    missing = f"The pretrained weights of {card.name} ({chosen.title}) are not on this machine: "
    if not chosen.repository:
        return WeightsPresence(
            False,
            path,
            f"{missing}there is no {path.name} in {path.parent}.",
            f"Download {chosen.url} into that folder, or set TORCH_HOME to the folder whose "
            "hub/checkpoints holds it, or choose untrained weights.",
        )
    mirror = f", or put {chosen.mirror} at {_mirror_path(chosen)}" if chosen.mirror else ""
    return WeightsPresence(
        False,
        path,
        f"{missing}there is no {path.name} in {path.parents[1]}/*.",
        f"Run 'hf download {chosen.repository} {chosen.file_name}' where there is a network "
        f"({chosen.url}){mirror}, or set HF_HOME to the folder whose hub/ holds it, or choose "
        "untrained weights.",
    )


def weights_file(card: BackboneCard, weights: WeightsSpec) -> Path:
    """Return the file to load, checked by its hash where one is known.

    Raises
    ------
    MissingWeights, DamagedFile
    """
    if weights.kind == "file":
        path = Path(weights.path or "")
        if sha256_of(path) != weights.sha256:
            raise DamagedFile(
                f"{path} is no longer the file that was chosen: its content has changed.",
                "Choose the file again.",
            )
        return path
    chosen = card.pretrained_set(weights.variant)
    found = find_file(chosen)
    if found is None:
        presence = file_presence(card, weights)
        raise MissingWeights(presence.message, presence.hint)
    _check_intact(found, _published_digits(chosen, found))
    return found


def find_file(published: PretrainedWeights) -> Path | None:
    """Return the file of a published set, None where there is none."""
    for path in places(published):
        if path.is_file():
            return path
    return None


def places(published: PretrainedWeights) -> tuple[Path, ...]:
    """List where a published set may lie, the usual place first."""
    if not published.repository:
        return (checkpoints_folder() / published.file_name,)
    snapshots = hub_folder() / f"models--{published.repository.replace('/', '--')}" / "snapshots"
    names = (published.file_name, *published.other_names)
    found = [folder / name for name in names for folder in _revisions(snapshots)]
    first = snapshots / "main" / published.file_name
    mirror = [_mirror_path(published)] if published.mirror else []
    return (*found, *mirror) if found else (first, *mirror)


def _revisions(snapshots: Path) -> list[Path]:
    """List the downloaded revisions of a repository, the one that "main" stands for first."""
    try:
        main = (snapshots.parent / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        main = ""
    folders = sorted(snapshots.iterdir()) if snapshots.is_dir() else []
    return sorted(folders, key=lambda folder: folder.name != main)


def _mirror_path(published: PretrainedWeights) -> Path:
    folder = clip_folder() if published.mirror_cache == "clip" else checkpoints_folder()
    return folder / published.mirror.rsplit("/", 1)[1]


def hash_in_url(url: str) -> str:
    """Return the digits of a file's SHA-256 that its URL carries; empty where it has none."""
    folder, name = url.rsplit("/", 2)[1:]
    if _SHA256.fullmatch(folder):
        return folder
    found = re.search(r"-([0-9a-f]{8,64})\.[a-z]+$", name)
    return found.group(1) if found else ""


def _published_digits(published: PretrainedWeights, path: Path) -> str:
    if published.mirror and path == _mirror_path(published):
        return hash_in_url(published.mirror)
    return _blob_hash(path) or published.sha256_digits


def _blob_hash(path: Path) -> str:
    """Return the SHA-256 by which the hub's cache names large files; empty for other files."""
    name = path.resolve().name
    return name if _SHA256.fullmatch(name) else ""


def _check_intact(path: Path, digits: str) -> None:
    """Refuse a damaged file under a published name.

    With the published hash it is whole. With another it may still be an honest conversion, which
    is used and labelled as such, if the archive's own checksums hold; whether it fits the
    network is checked on loading.
    """
    if not digits:
        return
    found = sha256_of(path)
    if found.startswith(digits):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip() is not None
    except (zipfile.BadZipFile, OSError):
        damaged = True
    if damaged:
        raise DamagedFile(
            f"{path} is damaged or cut short: its SHA-256 begins with {found[: len(digits)]} and "
            f"not with {digits}, and it is not an intact archive.",
            "Delete it and download it again.",
        )
