"""``fit``: features, fit on the training split, scores on held-out images."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from cortiscope.core.backbones import Framing, get_card
from cortiscope.core.cli import options as shared
from cortiscope.core.cli.fit_summary import show as show
from cortiscope.core.cli.fit_summary import summary
from cortiscope.core.config import from_plain
from cortiscope.core.datasets import Subject, find_subjects, open_subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.encoding.reduction.spec import SCALINGS
from cortiscope.core.encoding.scopes import SCOPES
from cortiscope.core.encoding.settings import parse_settings
from cortiscope.core.encoding.splits import SPLIT_RULES
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.features import Pooling
from cortiscope.core.features.store import LARGEST_PASS
from cortiscope.core.pipeline.finetuning import fit_finetuned
from cortiscope.core.progress import Progress, part
from cortiscope.core.recipes import configurations, get_recipe
from cortiscope.core.runs import EncodingSpec, runs_by_state, state_words
from cortiscope.core.runs.spec import ON_THE_WAY, SPACES, usual_features
from cortiscope.core.storage.foreign import is_there, read_text

NAME = "fit"
HELP = "Fit an encoding model to a subject and score it on held-out images."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--data", required=True, help=f"data folder, or {shared.DEMO!r}")
    parser.add_argument("--subject", help="subject id or number (default: the first)")
    parser.add_argument("--recipe", help="a named system, instead of the choices below")
    parser.add_argument(
        "--spec",
        metavar="FILE",
        help="the whole configuration as JSON, one or a list of several, instead of the choices "
        "below; - reads it from stdin. A run's own is 'spec' in its run.json",
    )
    parser.add_argument("--backbone", help="its name; 'list backbones' shows them")
    shared.add_weights(parser)
    parser.add_argument("--layers", help="names or globs, separated by commas")
    parser.add_argument(
        "--each-layer", action="store_true", help="one model per layer instead of one of all"
    )
    shared.add_pooling(parser, "grid:5, or grid:16 for a regressor that looks at places")
    parser.set_defaults(pool=None)
    shared.add_framing(parser)
    shared.add_dtype(parser)
    shared.add_precision(parser)
    parser.add_argument(
        "--reduce",
        metavar="none|pca:K|ipca:K[:BATCH]|rp:K[:gaussian|sparse]|ae:K|umap:K|places[:K]",
        help="to how many numbers features are reduced, and how: PCA, incremental PCA, a random "
        "projection, an autoencoder, UMAP (needs umap-learn), or channels alone, with their places "
        "kept (default pca:200, or places for a regressor that looks at places)",
    )
    parser.add_argument(
        "--scaling",
        default="floored",
        choices=SCALINGS,
        help="what divides a feature: its SD with a floor, its SD, nothing",
    )
    parser.add_argument(
        "--on-the-way",
        default="auto",
        choices=ON_THE_WAY,
        help="reduce features while images pass, without storing them (--reduce ipca); auto: where "
        f"a pass would store more than {LARGEST_PASS / 2**30:.0f} GiB",
    )
    parser.add_argument(
        "--regressor",
        default="ridge",
        metavar="NAME",
        help="its name (default ridge); 'list regressors' shows them",
    )
    parser.add_argument("--encoder", dest="regressor", help=argparse.SUPPRESS)  # its former name
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="a setting of the regressor (several values: separated by commas)",
    )
    parser.add_argument(
        "--finetune",
        metavar="adapters|blocks:N|all[,NAME=VALUE...]",
        help="first move the network's own weights to predict the images to fit better: low-rank "
        "adapters beside them, its last N blocks before the layer, or all; settings as in "
        "adapters,rank=8,roi=FFA-1 (docs/command-line.md)",
    )
    parser.add_argument(
        "--spaces",
        default="one",
        choices=SPACES,
        help="which layers are reduced together and make one feature space",
    )
    parser.add_argument(
        "--scope", default="both", choices=SCOPES, help="which vertices share one model"
    )
    parser.add_argument(
        "--with",
        action="append",
        default=[],
        metavar="SUBJECT",
        dest="others",
        help="another subject of the folder, fitted along (cross-subject)",
    )
    parser.add_argument(
        "--denoise",
        metavar="none|auto|pca:K",
        help="replace half of each response to fit by what all vertices share (docs/recipes.md)",
    )
    shared.add_device(parser)
    parser.add_argument(
        "--seed",
        type=shared.whole_number(),
        help="seed of the validation split (default: the recipe's, or 0)",
    )
    parser.add_argument(
        "--split",
        metavar="|".join(SPLIT_RULES),
        help="how validation images are drawn (default: the recipe's, or random)",
    )
    parser.add_argument(
        "--validation-fraction",
        type=float,
        metavar="SHARE",
        help="share of the training images that is kept from fitting (default 0.2)",
    )
    parser.add_argument(
        "--report-fraction",
        type=float,
        metavar="SHARE",
        help="share of the training images that is kept for the report alone, where test responses "
        "are unknown: validation images choose, these report (default 0: validation images report)",
    )
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    ways = (options.recipe, options.spec, options.backbone or options.layers)
    half = (options.backbone is None) != (options.layers is None)
    if sum(way is not None for way in ways) != 1 or half:
        raise InvalidInput(
            "Name either --recipe, or --backbone and --layers, or --spec.",
            "'cortiscope list recipes' and 'list backbones' show what there is.",
        )
    recipe = get_recipe(options.recipe) if options.recipe else None
    described = _read_specs(options.spec) if options.spec else ()
    subject = shared.subject_of(options, part(progress, 0.0, 0.3))
    folder, reading = subject.folder.parent, part(progress, 0.3, 0.3)
    along = [*options.others, *(o.subject for spec in described for o in spec.with_subjects)]
    if recipe is not None and recipe.cross_subject and not along:
        along = [ref.id for ref in find_subjects(folder) if ref.id != subject.id]
    # Subjects may be named by their numbers.
    named = {n: open_subject(folder, n).identified(reading) for n in dict.fromkeys(along)}
    others = {other.id: other for other in named.values()}
    if recipe is not None:
        specs = configurations(
            recipe, subject, tuple(others.values()), seed=options.seed, device=options.device
        )
    elif described:
        completed = [s.completed(subject, named, each=options.each_layer) for s in described]
        specs = tuple(spec for own in completed for spec in own)
    else:
        specs = _chosen(options, subject, others)
    specs = tuple(replace(spec, **_further_choices(options)) for spec in specs)
    if not described:
        specs = tuple(spec.at_precision(options.precision) for spec in specs)
    store = shared.run_store(options)
    runs = fit_finetuned(
        subject,
        specs,
        options.finetune,
        features=shared.feature_store(),
        runs=store,
        others=others,
        progress=part(progress, 0.3, 1.0),
    )
    results = [summary(r, subject) for r in runs]
    former = runs_by_state(store, subject)[1]
    return {
        **results[0],
        **({"runs": results} if len(results) > 1 else {}),
        "runs_of_former_data": [r.id for r in former],
        "data_changed": state_words(former, subject),
    }


def _chosen(
    options: argparse.Namespace, subject: Subject, others: dict[str, Subject]
) -> tuple[EncodingSpec, ...]:
    """Return the configurations that the options spell out: one, or one per layer."""
    regressor = parse_settings(RegressorSpec(options.regressor), options.settings)
    pooling, reduction = usual_features(regressor.name)
    if options.reduce:
        reduction = Reduction.parse(options.reduce)
    reduction = replace(reduction, scaling=options.scaling)
    return EncodingSpec.of_layers(
        subject,
        options.backbone,
        options.layers.split(","),
        weights=shared.weights_of(options),
        pooling=Pooling.parse(options.pool) if options.pool else pooling,
        dtype=options.dtype,
        framing=Framing.parse(options.framing),
        each=options.each_layer,
        along=others.values(),
        reduction=reduction,
        encoder=regressor,
        spaces=options.spaces,
        scope=options.scope,
        seed=options.seed or 0,
        device=options.device,
        on_the_way=options.on_the_way,
    )


def _as_stored(described: Any, where: str) -> Any:
    """Put what may be left out of a configuration, or be called otherwise, as runs store it."""
    if not isinstance(described, dict):
        return described
    found = {"subject": "", "data": "", **described}
    if "regressor" in found:
        if "encoder" in found:
            raise InvalidInput(f"{where} has regressor and encoder, which are one.", "Leave one.")
        found["encoder"] = found.pop("regressor")
    if isinstance(found.get("features"), list):
        found["features"] = [_with_weights(one) for one in found["features"]]
    return found


def _with_weights(feature: Any) -> Any:
    if not isinstance(feature, dict) or "weights" in feature:
        return feature
    backbone = feature.get("backbone")
    if not isinstance(backbone, str):
        return feature
    return {**feature, "weights": get_card(backbone).default_weights}


def _read_specs(name: str) -> tuple[EncodingSpec, ...]:
    """Read ``--spec``; what only the machine knows may be missing (``EncodingSpec.completed``)."""
    where = "stdin" if name == "-" else Path(name).name
    if name != "-" and not is_there(Path(name)):
        raise MissingData(f"There is no configuration {name}.", "Name a JSON file, or - for stdin.")
    text = sys.stdin.read() if name == "-" else read_text(Path(name))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} is not JSON: {error}.", "It must be one object.") from None
    named = [(where, found)]
    if isinstance(found, list):
        named = [(f"{where}, {k}", one) for k, one in enumerate(found, 1)]
    specs = tuple(from_plain(EncodingSpec, _as_stored(one, place), place) for place, one in named)
    if not specs:
        raise InvalidInput(f"{where} describes nothing.", "It must hold one object, or several.")
    return specs


def _further_choices(options: argparse.Namespace) -> dict[str, Any]:
    asked = {
        "split_rule": options.split,
        "validation_fraction": options.validation_fraction,
        "report_fraction": options.report_fraction,
        "denoise": options.denoise,
    }
    return {name: value for name, value in asked.items() if value is not None}
