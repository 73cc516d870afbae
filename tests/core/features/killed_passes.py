"""Run passes in processes of their own: some that kill -9 ends at a given moment, or two at once.

``python -m tests.core.features.killed_passes IMAGES ROOT MOMENT...`` leaves in ``ROOT/MOMENT``
what a pass leaves behind that is killed there; the moment ``together`` runs two to their end.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.backbones.module_backbone import ModuleBackbone
from cortiscope.core.features import FeatureSpec, FeatureStore, extract, extraction_cache
from cortiscope.core.features.draft import Draft
from cortiscope.core.stimuli import StimulusImages
from tests.data.tiny_backbone import make_tiny_backbone

CHUNK = 2
SPECS = [
    FeatureSpec("small_cnn", WeightsSpec("untrained"), layer) for layer in ("block1", "block2")
]

# The name of a moment: whose nth call of what is the last thing that the process does.
MOMENTS = {
    "before_the_first_batch": (ModuleBackbone, "forward", 1),
    "within_the_second_chunk": (ModuleBackbone, "forward", 4),
    "between_two_layers_of_a_chunk": (Path, "write_bytes", 4),
    "before_the_second_layer_is_whole": (Draft, "whole", 2),
    "before_the_array_has_its_record": (extraction_cache, "_provenance", 1),
    "before_the_array_has_its_name": (Path, "replace", 2),
    "before_the_draft_is_removed": (Draft, "discard", 1),
}


def _kill_at(owner, name, nth):
    original, calls = getattr(owner, name), []

    def wrapped(*args, **kwargs):
        calls.append(name)
        if len(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def _fork(images, root, moment):
    child = os.fork()
    if not child:
        status = 1
        try:
            if moment:
                _kill_at(*MOMENTS[moment])
            extract.CHUNK_IMAGES = CHUNK
            FeatureStore(root, make_tiny_backbone).get(SPECS, images, batch_size=1)
            status = 0
        finally:
            os._exit(status)
    return child


def main(folder, root, *moments):
    images = StimulusImages.from_folder(Path(folder))
    for moment in moments:
        names = [None, None] if moment == "together" else [moment]
        children = [_fork(images, Path(root) / moment, name) for name in names]
        for child in children:
            print(moment, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
