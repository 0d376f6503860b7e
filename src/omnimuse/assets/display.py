"""How assets show themselves in notebooks: a MIME bundle for every kind.

Everything that comes out of an asset is escaped or inside a data URL: a text that was made or
uploaded cannot run anything in the notebook's page.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.errors import OmnimuseError
from omnimuse.graph.kinds import ancestors

_MAX_PICTURE_PX, _MAX_INLINE_BYTES, _MAX_CHARACTERS, _MAX_ROWS = 1024, 24_000_000, 20_000, 50


def mime_bundle(asset: Asset) -> dict[str, Any]:
    """`text/plain` and `text/html` of an asset."""
    return {"text/plain": plain(asset), "text/html": html_of(asset)}


def plain(asset: Asset) -> str:
    """One line: kind, facts, id."""
    facts = ", ".join(f"{k} {v}" for k, v in asset.facts.items() if isinstance(v, int | float))
    return f"{asset.kind} {asset.id[:19]} ({asset.media_type}{', ' if facts else ''}{facts})"


def html_of(asset: Asset) -> str:
    """An asset as HTML: shown or played where a page can, described where it cannot."""
    show = next((_SHOWN[kind] for kind in ancestors(asset.kind) if kind in _SHOWN), _described)
    try:
        body = show(asset)
    except (OmnimuseError, ValueError, OSError) as error:
        body = f"<em>cannot be shown: {html.escape(str(error))}</em>"
    caption = f"<figcaption><small>{html.escape(plain(asset))}</small></figcaption>"
    return f"<figure>{body}{caption}</figure>"


def html_of_response(response: Any) -> str:
    """A response: the reply, then every asset."""
    reply = f"<p><strong>{html.escape(response.status)}</strong></p>"
    if response.status != "succeeded":
        reply += f"<p>{html.escape(response.reply)}</p>"
    return reply + "".join(html_of(asset) for asset in response.assets)


def _picture(asset: Asset) -> str:
    from omnimuse.assets.media import read_image

    picture = read_image(asset, mode="RGBA")
    picture.thumbnail((_MAX_PICTURE_PX, _MAX_PICTURE_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    alt = html.escape(plain(asset), quote=True)
    return f'<img alt="{alt}" style="max-width:100%" src="{_url(buffer.getvalue(), "image/png")}">'


def _sound(asset: Asset) -> str:
    return f'<audio controls src="{_whole(asset)}"></audio>'


def _film(asset: Asset) -> str:
    return f'<video controls style="max-width:100%" src="{_whole(asset)}"></video>'


def _text(asset: Asset) -> str:
    text = asset.read_bytes()[: 4 * _MAX_CHARACTERS].decode(errors="replace")
    return f"<pre>{html.escape(text[:_MAX_CHARACTERS])}</pre>"


def _json(asset: Asset) -> str:
    text = json.dumps(asset.read_json(), ensure_ascii=False, indent=1)
    return f"<pre>{html.escape(text[:_MAX_CHARACTERS])}</pre>"


def _scene(asset: Asset) -> str:
    """The layers of a scene as a list."""
    data = asset.read_json()
    things = data.get("objects", ()) if isinstance(data, Mapping) else ()
    rows = [
        f"<tr><td>{html.escape(str(t.get('label', '')))}</td>"
        f"<td>{html.escape(str(t.get('box', '')))}</td></tr>"
        for t in things
        if isinstance(t, Mapping)
    ]
    return f"<table><tr><th>layer</th><th>box</th></tr>{''.join(rows[:_MAX_ROWS])}</table>"


def _table(asset: Asset) -> str:
    if asset.media_type != "text/csv":
        return _described(asset)
    lines = asset.read_bytes()[:1_000_000].decode(errors="replace").splitlines()
    rows = list(itertools.islice(csv.reader(lines), _MAX_ROWS + 1))
    cells = [
        "".join(f"<{'td' if i else 'th'}>{html.escape(c)}</{'td' if i else 'th'}>" for c in row)
        for i, row in enumerate(rows)
    ]
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def _described(asset: Asset) -> str:
    facts = "".join(
        f"<li>{html.escape(str(k))}: {html.escape(str(v))}</li>" for k, v in asset.facts.items()
    )
    return f"<p>{html.escape(asset.kind)}, {asset.size_bytes:,} bytes</p><ul>{facts}</ul>"


def _whole(asset: Asset) -> str:
    if asset.size_bytes > _MAX_INLINE_BYTES:
        raise ValueError(f"{asset.size_bytes / 1e6:.0f} MB are too much for a page; export it")
    return _url(asset.read_bytes(), asset.media_type)


def _url(data: bytes, media_type: str) -> str:
    return f"data:{html.escape(media_type, quote=True)};base64,{base64.b64encode(data).decode()}"


_SHOWN: dict[str, Callable[[Asset], str]] = {
    "image": _picture,
    "audio": _sound,
    "video": _film,
    "transcript": _json,
    "text": _text,
    "scene": _scene,
    "layout": _json,
    "graph": _json,
    "level": _json,
    "table": _table,
    "molecule": _text,
}
