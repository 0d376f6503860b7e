"""Things whose number a prompt leaves open: "several birds" is planned as one group of birds.

How many there are is for whoever draws them to say; a layout that lists three would claim what the
prompt does not. So a plan names the group and its place, as COCO marks a crowd by one box (Lin et
al. 2014, arXiv:1405.0312, section 4.3), and proposes members, which the illustrator takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omnimuse.crafts.layout.words import plural

Layout = Mapping[str, Any]


def grouped(layout: Layout) -> dict[str, Any]:
    """The layout with one entry for each group; what `plan_layout` gives."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in layout["objects"]:
        if "group" in entry:
            groups.setdefault(entry["group"], []).append(entry)
    if not groups:
        return dict(layout)
    names = {entry["id"]: name for name, members in groups.items() for entry in members}
    objects: list[dict[str, Any]] = []
    for entry in layout["objects"]:
        if entry["id"] not in names:
            objects.append(_renamed(entry, names))
        elif entry is groups[entry["group"]][0]:
            objects.append(_group(entry["group"], groups[entry["group"]], names))
    relations = [
        {key: names.get(value, value) for key, value in relation.items()}
        for relation in layout["relations"]
    ]
    once = {tuple(relation.items()): relation for relation in relations}
    return {**layout, "objects": objects, "relations": list(once.values())}


def ungrouped(layout: Layout) -> dict[str, Any]:
    """The layout with the members of its groups in their place; for drawing."""
    objects = layout.get("objects")
    listed = [e for e in objects if isinstance(e, dict)] if isinstance(objects, list) else []
    members = {e["id"]: e["members"] for e in listed if e.get("members")}
    if not members:
        return dict(layout)
    objects = [part for e in layout["objects"] for part in members.get(e["id"], [e])]
    first = {name: parts[0]["id"] for name, parts in members.items()}
    objects = [_renamed(entry, first) for entry in objects]
    relations = [r for whole in layout.get("relations", []) for r in _spread(whole, members)]
    return {**layout, "objects": objects, "relations": relations}


def group_id(label: str, number: int) -> str:
    """Such as `group-of-birds-1`."""
    return f"group-of-{plural(label).replace(' ', '-')}-{number}"


def _group(name: str, members: list[dict[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """One entry around its members."""
    boxes = [member["box"] for member in members]
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    entry = _renamed(members[0], names)
    del entry["group"]
    return {
        **entry,
        "id": name,
        "label": f"group of {plural(members[0]['label'])}",
        "box": [left, top, round(right - left, 4), round(bottom - top, 4)],
        "depth": max(member["depth"] for member in members),
        "members": [dict(member) for member in members],
    }


def _renamed(entry: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The entry, what it stands on called by its new name."""
    found = dict(entry)
    if found.get("support") in names:
        found["support"] = names[found["support"]]
    return found


def _spread(
    relation: Mapping[str, str], members: Mapping[str, list[dict[str, Any]]]
) -> list[dict[str, str]]:
    """A relation of groups as relations of their members, one to one where both are groups."""
    first = [m["id"] for m in members.get(relation["subject"], [{"id": relation["subject"]}])]
    second = [m["id"] for m in members.get(relation["object"], [{"id": relation["object"]}])]
    if len(first) > 1 and len(second) > 1:
        pairs = list(zip(first, second, strict=False))
    else:
        pairs = [(a, b) for a in first for b in second]
    return [{**relation, "subject": a, "object": b} for a, b in pairs]
