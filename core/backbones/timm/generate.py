"""Write the table of timm's networks that menus are made of.

The table is committed so that listing backbones needs neither torch nor timm::

    python -m cortiscope.core.backbones.timm.generate

Run it after a change of timm's version or of ``CHOSEN``; a test compares the table with the
library.
"""

from __future__ import annotations

from typing import Any

from cortiscope.core.backbones.layer_axes import most_before_patches
from cortiscope.core.backbones.tables import block_menu, write_table
from cortiscope.core.backbones.timm.networks import (
    DECLARED,
    build_network,
    full_name,
    import_timm,
    preprocessing_of,
)
from cortiscope.core.errors import InvalidInput, unknown_name

_COLUMNS = """
Rows: name, model, tag of the published weights, number of weights, side of the input, share of the
resized picture that is kept, how it is cut, interpolation, mean, SD, repository, URL of a plain
download, licence, layers for menus.
"""
_SHOWN = "'cortiscope list networks timm' shows all of them."

CHOSEN: tuple[tuple[str, str, str], ...] = (
    ("timm_vit_tiny", "vit_tiny_patch16_224", "augreg_in21k_ft_in1k"),
    ("timm_vit_small", "vit_small_patch16_224", "augreg_in21k_ft_in1k"),
    ("timm_vit_base", "vit_base_patch16_224", "augreg2_in21k_ft_in1k"),
    ("deit_small", "deit_small_patch16_224", "fb_in1k"),
    ("deit_base", "deit_base_patch16_224", "fb_in1k"),
    ("beit_base", "beit_base_patch16_224", "in22k_ft_in22k_in1k"),
    ("dino_vit_s16", "vit_small_patch16_224", "dino"),
    ("dino_vit_b16", "vit_base_patch16_224", "dino"),
    ("dinov2_vit_s14", "vit_small_patch14_dinov2", "lvd142m"),
    ("dinov2_vit_b14", "vit_base_patch14_dinov2", "lvd142m"),
    ("dinov2_vit_l14", "vit_large_patch14_dinov2", "lvd142m"),
    ("mae_vit_b16", "vit_base_patch16_224", "mae"),
    ("eva02_vit_b14", "eva02_base_patch14_224", "mim_in22k"),
    ("sam_vit_b", "samvit_base_patch16", "sa1b"),
    ("timm_convnext_tiny", "convnext_tiny", "in12k_ft_in1k"),
    ("timm_convnext_base", "convnext_base", "fb_in22k_ft_in1k"),
    ("convnextv2_tiny", "convnextv2_tiny", "fcmae_ft_in22k_in1k"),
    ("timm_resnet50", "resnet50", "a1_in1k"),
    ("timm_efficientnet_b0", "efficientnet_b0", "ra_in1k"),
    ("timm_mobilenet_v3_small", "mobilenetv3_small_050", "lamb_in1k"),
)


def row_of(name: str, model: str, tag: str) -> tuple[Any, ...]:
    """Read one network's facts from the library, without making weights.

    Raises
    ------
    InvalidInput
        It does not look at square pictures in colour.
    """
    return _read(name, model, tag)[0]


def _read(name: str, model: str, tag: str) -> tuple[tuple[Any, ...], int]:
    """Return the row, and how many tokens come before the patches."""
    from cortiscope.core.backbones.module_backbone import discover_layers_without_weights

    facts = preprocessing_of(model, tag)
    published = import_timm().models.get_pretrained_cfg(full_name(model, tag))
    channels, height, width = facts["input_size"]
    if channels != 3 or height != width:
        raise InvalidInput(
            f"{full_name(model, tag)} looks at {channels} channels of {height} x {width} px; "
            "backbones look at 3 channels of a square.",
            "Choose another network.",
        )
    network, found = discover_layers_without_weights(
        lambda: build_network(model, tag), facts["input_size"], DECLARED
    )
    # Weights published as arrays of another library are not read.
    url = published.url or ""
    download = url if url.endswith((".pth", ".pt")) else ""
    row = (
        *(name, model, tag, sum(p.numel() for p in network.parameters())),
        *(facts["input_size"][1], facts["crop_pct"], facts["crop_mode"], facts["interpolation"]),
        *(tuple(facts["mean"]), tuple(facts["std"])),
        *(published.hf_hub_id or "", download, published.license or ""),
        block_menu([layer.name for layer in found], ["features", "final_features"]),
    )
    return row, most_before_patches(found)


def describe(name: str) -> dict[str, Any]:
    """Read the facts of any of timm's networks, as in "resnet18.a1_in1k" or "resnet18".

    Without a tag the usual published set is meant.

    Raises
    ------
    UnknownName
        timm has no such network, or no such set of its weights.
    """
    timm = import_timm()
    model, tag = timm.models.split_model_name_tag(name)
    if now := _new_names().get(name):
        raise InvalidInput(
            f"{name} is an old name: timm now calls it {now}.", f"Take --backbone timm:{now}."
        )
    if not timm.is_model(model):
        raise unknown_name("network of timm", model, timm.list_models(), _SHOWN)
    tags = [n.partition(".")[2] for n in timm.list_pretrained(f"{model}.*")]
    if tag and tag not in tags:
        raise unknown_name(f"published weights of {model}", tag, tags, _SHOWN)
    usual = timm.models.get_pretrained_cfg(model)
    if usual is None:
        raise InvalidInput(f"timm does not say what {model} looks at.", _SHOWN)
    tag = tag or (usual.tag if usual.tag in tags else "")
    published = timm.models.get_pretrained_cfg(full_name(model, tag))
    papers = published.paper_ids or ""
    row, n_prefix = _read(f"timm:{name}", model, tag)
    return {
        "row": row,
        "n_prefix": n_prefix,
        "paper": papers if isinstance(papers, str) else ", ".join(papers),
    }


def _new_names() -> dict[str, str]:
    """Return timm's own table of the names that it once had, with those of today."""
    import_timm()
    from timm.models._registry import get_deprecated_models

    return {old: new for old, new in get_deprecated_models().items() if new}


def network_names() -> list[str]:
    """List all of timm's networks, those with published weights by each of their sets."""
    timm = import_timm()
    published = timm.list_pretrained()
    there = {name.partition(".")[0] for name in published}
    return sorted([*published, *(name for name in timm.list_models() if name not in there)])


def main() -> None:
    """Write ``table.json``."""
    rows = [row_of(*chosen) for chosen in CHOSEN]
    write_table("timm", _COLUMNS, rows)


if __name__ == "__main__":
    main()
