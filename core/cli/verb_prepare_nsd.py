"""``prepare-nsd``: a subject folder from a copy of NSD's single-trial betas on fsaverage."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.nsd.design import TEST_SETS
from cortiscope.core.datasets.nsd.prepare import prepare_subject
from cortiscope.core.progress import Progress

NAME = "prepare-nsd"
HELP = "Make a subject folder from NSD's fsaverage betas: z-scores, averages, ncsnr, split."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--data", type=Path, required=True, metavar="ROOT", help="copy of NSD")
    parser.add_argument("--subject", required=True, help="subj01 to subj08")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="not inside ROOT")
    parser.add_argument(
        "--sessions",
        type=shared.whole_number(1, 40),
        metavar="N",
        help="the first N (default: all)",
    )
    parser.add_argument(
        "--mask",
        default="nsdgeneral",
        metavar="LABEL|all|DIR",
        help="a label on fsaverage, all, or an Algonauts roi_masks folder (default nsdgeneral)",
    )
    parser.add_argument(
        "--rois", type=Path, metavar="DIR", help="roi_masks folder, or labels on fsaverage (.mgz)"
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="pictures nsd-00013.png to link (default: cut out of nsd_stimuli.hdf5, needs h5py)",
    )
    parser.add_argument(
        "--captions",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="captions_train2017.json and captions_val2017.json of COCO",
    )
    parser.add_argument(
        "--test", choices=TEST_SETS, default="shared", help="test images (default shared)"
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    folder = prepare_subject(
        options.data,
        options.subject,
        options.out,
        sessions=options.sessions,
        mask=options.mask,
        rois=options.rois,
        images=options.images,
        captions=options.captions,
        test=options.test,
        progress=progress,
    )
    # Read back by the loader that everything else will read it by.
    details = open_subject(folder).details
    names = ("sessions", "test_set", "images", "hemispheres", "roi_classes")
    return {"folder": str(folder), "subject": options.subject, **{n: details[n] for n in names}}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    images, sides = result["images"], result["hemispheres"]
    lines = [
        f"{result['subject']}: {result['sessions']} sessions in {result['folder']}",
        f"images: {images['train']} train, {images['test']} test ({result['test_set']}), "
        f"{images['shared_put_aside']} shared ones put aside",
    ]
    for short, side in sides.items():
        lines.append(
            f"{short}: {side['vertices']} vertices; left out, not finite: "
            f"{side['not_finite_left_out']}; constant in a session: {side['constant_in_a_session']}"
        )
    return "\n".join(lines)
