"""Provenance: what a signed file says of itself, in the words of C2PA and IPTC.

Sources: C2PA specification 2.1, section 18.15 (actions); IPTC, Digital Source Type vocabulary
(cv.iptc.org/newscodes/digitalsourcetype).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.graph.kinds import ancestors

Step = Mapping[str, Any]

_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# roles whose models make new media; others (finders, recognisers, renderers of scores) do not
_GENERATIVE = frozenset(
    (
        *("text-generation", "text-to-image", "image-to-image", "inpainting", "style-transfer"),
        *("text-to-speech", "text-to-audio", "score-generation", "text-to-video", "translation"),
        *("image-super-resolution", "image-to-video", "text-to-3d"),
    )
)


def make_record(
    asset: Asset, lineage: Sequence[Step] = (), *, with_arguments: bool = True
) -> dict[str, Any]:
    """What a file says of itself: what it is, who made it with what, from what, by whose parts.

    Args:
        asset: with its origin.
        lineage: what it was made from, nearest first; of the user's files the names too.
        with_arguments: keep the arguments of the tool (prompts stand there) and the files' names.
    """
    origin = json.loads(json.dumps(asdict(asset.origin))) if asset.origin else None
    steps = [dict(step) for step in lineage]
    if not with_arguments:
        origin = origin and {**origin, "arguments": {}}
        steps = [{key: step[key] for key in step if key != "name"} for step in steps]
    return {
        "asset": asset.id,
        "kind": asset.kind,
        "media_type": asset.media_type,
        "origin": origin,
        "attribution": [asdict(part) for part in asset.attribution],
        "lineage": steps,
    }


def make_manifest(
    asset: Asset, record: Mapping[str, Any], label: str, title: str
) -> dict[str, Any]:
    """The definition of a C2PA manifest.

    Args:
        asset: what the file holds.
        record: of `make_record`; also tells what the user brought.
        label: under which the record stands.
        title: the file's name.
    """
    agent = {"name": "Omnimuse", "version": version("omnimuse")}
    parent = _parent(asset, record["lineage"])
    tool = f"{asset.origin.tool} {asset.origin.version}" if asset.origin else ""
    action: dict[str, Any] = {
        "action": "c2pa.edited" if parent else "c2pa.created",
        "digitalSourceType": _SOURCE_TYPE + source_type(asset, record["lineage"]),
        "softwareAgent": agent,
        **({"parameters": {"org.omnimuse.tool": tool}} if tool else {}),
    }
    manifest: dict[str, Any] = {"claim_generator_info": [agent], "title": title}
    actions = [action]
    if parent:
        manifest["ingredients"] = [
            {
                "title": parent.get("name") or "the user's file",
                "format": parent.get("media_type") or asset.media_type,
                "instance_id": parent["id"],
                "relationship": "parentOf",
            }
        ]
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [parent["id"]]}}
        actions.insert(0, opened)
    manifest["assertions"] = [
        {"label": "c2pa.actions", "data": {"actions": actions}},
        {"label": label, "data": dict(record)},
    ]
    return manifest


def source_type(asset: Asset, lineage: Sequence[Step] = ()) -> str:
    """The IPTC digital source type of what the flow made.

    Drawn from third-party art by rule is `composite`; by rule alone `algorithmicMedia`; by a model
    alone `trainedAlgorithmicMedia`; the user's media with or without a model's part
    `compositeWithTrainedAlgorithmicMedia` or `algorithmicallyEnhanced`.
    """
    origin = asset.origin
    steps = [{"models": [asdict(m) for m in origin.models] if origin else []}, *lineage]
    # where licensed art went into a picture, the model of text-to-image put it together by rule
    generative = _GENERATIVE - {"text-to-image"} if asset.attribution else _GENERATIVE
    is_generated = any(m["role"] in generative for s in steps for m in s.get("models", ()))
    if any(step.get("tool") == "import" for step in lineage):
        return "compositeWithTrainedAlgorithmicMedia" if is_generated else "algorithmicallyEnhanced"
    if asset.attribution:
        return "compositeWithTrainedAlgorithmicMedia" if is_generated else "composite"
    return "trainedAlgorithmicMedia" if is_generated else "algorithmicMedia"


def _parent(asset: Asset, lineage: Sequence[Step]) -> Step | None:
    """The file of the user that this is an edition of: the nearest one of the same family."""
    family = ancestors(asset.kind)[-1]
    for step in lineage:
        if step.get("tool") == "import" and family in ancestors(str(step["kind"])):
            return step
    return None
