"""Write the table of open_clip's networks that menus are made of.

The table is committed so that listing backbones needs neither torch nor open_clip::

    python -m cortiscope.core.backbones.open_clip.generate

Run it after a change of open_clip's version or of ``CHOSEN``; a test compares the table with the
library.
"""

from __future__ import annotations

from typing import Any

from cortiscope.core.backbones.layer_axes import most_before_patches
from cortiscope.core.backbones.open_clip.networks import (
    DECLARED,
    build_image_tower,
    build_text_tower,
    import_open_clip,
    preprocessing_of,
    text_length,
)
from cortiscope.core.backbones.tables import block_menu, write_table
from cortiscope.core.errors import InvalidInput, unknown_name

_COLUMNS = """
Rows: name, model, number of weights of the image tower, side of its input, length of its embedding,
published sets with the usual one first (tag, repository, URL of a plain download, mean, SD,
interpolation, mode of resizing), layers of the image tower for menus, number of weights of the text
tower, its layers for menus (none where its words need a download).
"""
_SHOWN = "'cortiscope list networks open_clip' shows all of them."
# Of text towers that end in their last token, and whose words come with the library.
_PLAIN_TEXT = {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio"}

# Name, model, published sets with the usual one first, whether the text tower is offered.
# All sets of one name share the activation: OpenAI's quick GELU, or LAION's usual one.
CHOSEN: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("clip_rn50", "RN50-quickgelu", ("openai", "yfcc15m", "cc12m"), True),
    ("clip_rn101", "RN101-quickgelu", ("openai", "yfcc15m"), False),
    ("clip_vit_b32", "ViT-B-32-quickgelu", ("openai", "laion400m_e32", "metaclip_fullcc"), True),
    ("clip_vit_b16", "ViT-B-16-quickgelu", ("openai", "metaclip_fullcc"), True),
    ("clip_vit_l14", "ViT-L-14-quickgelu", ("openai", "metaclip_fullcc"), True),
    ("clip_vit_l14_336", "ViT-L-14-336-quickgelu", ("openai",), False),
    ("openclip_vit_b32", "ViT-B-32", ("laion2b_s34b_b79k", "datacomp_xl_s13b_b90k"), True),
    (
        "openclip_vit_b16",
        "ViT-B-16",
        ("laion2b_s34b_b88k", "datacomp_xl_s13b_b90k", "laion400m_e32"),
        True,
    ),
    ("openclip_vit_l14", "ViT-L-14", ("laion2b_s32b_b82k", "datacomp_xl_s13b_b90k"), True),
    ("openclip_vit_h14", "ViT-H-14", ("laion2b_s32b_b79k",), True),
    (
        "openclip_convnext_base",
        "convnext_base_w",
        ("laion2b_s13b_b82k", "laion2b_s13b_b82k_augreg", "laion_aesthetic_s13b_b82k"),
        False,
    ),
    ("siglip_vit_b16", "ViT-B-16-SigLIP", ("webli",), False),
    ("siglip2_vit_b16", "ViT-B-16-SigLIP2", ("webli",), False),
    ("eva02_clip_vit_b16", "EVA02-B-16", ("merged2b_s8b_b131k",), False),
)


def row_of(name: str, model: str, tags: tuple[str, ...], with_text: bool) -> tuple[Any, ...]:
    """Read one network's facts from the library, without making weights."""
    return _read(name, model, tags, with_text)[0]


def _read(
    name: str, model: str, tags: tuple[str, ...], with_text: bool
) -> tuple[tuple[Any, ...], int]:
    """Return the row, and how many tokens of the image tower come before the patches."""
    import torch

    from cortiscope.core.backbones.module_backbone import discover_layers_without_weights
    from cortiscope.core.backbones.open_clip.networks import ClipTextBackbone

    side = _side(model, tags[0] if tags else "")
    network, found = discover_layers_without_weights(
        lambda: build_image_tower(model, device="meta"), (3, side, side), DECLARED
    )
    image_menu = block_menu([layer.name for layer in found], ["embedding"])
    n_image, n_text = _n_weights(network), 0
    text_menu: tuple[str, ...] = ()
    if with_text:
        text, described = discover_layers_without_weights(
            lambda: build_text_tower(model, device="meta"),
            (text_length(model),),
            dtype=torch.int64,
            as_response=ClipTextBackbone.as_response,
        )
        text_menu = block_menu([layer.name for layer in described], ["embedding"])
        n_text = _n_weights(text)
    sets = tuple(_published(model, tag) for tag in tags)
    row = (
        *(name, model, n_image, side, found[-1].shape[0], sets, image_menu, n_text),
        text_menu,
    )
    return row, most_before_patches(found)


def _side(model: str, tag: str) -> int:
    size = preprocessing_of(model, tag).size
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise InvalidInput(
            f"{model} looks at pictures of {' x '.join(map(str, size))} px; backbones look at a "
            "square.",
            "Choose another network.",
        )
    return int(sides.pop())


def describe(name: str) -> dict[str, Any]:
    """Read the facts of any of open_clip's networks, as in "RN50" ("RN50:text" for its text tower).

    Published sets that were trained with the other of the two usual activations are left out:
    they belong to the network of that name with or without "-quickgelu".

    Raises
    ------
    UnknownName
        open_clip has no such network.
    InvalidInput
        It has no such tower that can be used without a download.
    """
    from_library = import_open_clip()
    model, _, tower = name.partition(":")
    names = from_library.list_models()
    if model not in names:
        raise unknown_name("network of open_clip", model, names, _SHOWN)
    config = from_library.get_model_config(model)
    plain = set(config["text_cfg"]) <= _PLAIN_TEXT and not config.get("multimodal_cfg")
    if tower and not plain:
        raise InvalidInput(
            f"The text tower of {model} is not offered: its words need a tokenizer that is "
            "downloaded, or it does not end in one last token.",
            "Its image tower is; or choose the text tower of another network.",
        )
    quick = config.get("quick_gelu", False)
    tags = tuple(
        tag
        for tag in from_library.list_pretrained_tags_by_model(model)
        if from_library.get_pretrained_cfg(model, tag).get("quick_gelu", False) == quick
        and from_library.get_pretrained_cfg(model, tag).get("hf_hub")
        and _side(model, tag) == _side(model, "")
    )
    row, n_prefix = _read(f"open_clip:{model}", model, tags, bool(tower))
    return {"row": row, "n_prefix": n_prefix}


def network_names() -> list[str]:
    """List all of open_clip's networks."""
    return list(import_open_clip().list_models())


def _published(model: str, tag: str) -> tuple[Any, ...]:
    facts = import_open_clip().get_pretrained_cfg(model, tag)
    p = preprocessing_of(model, tag)
    return (
        *(tag, facts["hf_hub"].rstrip("/"), facts["url"]),
        *(tuple(p.mean), tuple(p.std), p.interpolation, p.resize_mode),
    )


def _n_weights(network: Any) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def main() -> None:
    """Write ``table.json``."""
    rows = [row_of(*chosen) for chosen in CHOSEN]
    write_table("open_clip", _COLUMNS, rows)


if __name__ == "__main__":
    main()
