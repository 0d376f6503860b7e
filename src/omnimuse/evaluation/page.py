"""A report as one HTML file: figures, a sheet of samples, and what they lie nearest to."""

from __future__ import annotations

import base64
import html
import io
import math

from omnimuse.evaluation.generative import Figure, GenerativeReport
from omnimuse.training.sheets import grid, plot

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1d2433;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #e3e7ef}td.n{text-align:right;font-variant-numeric:tabular-nums}
img{max-width:100%;image-rendering:pixelated}figure{margin:1rem 0}figcaption{color:#5a6478}
@media(prefers-color-scheme:dark){body{background:#12151c;color:#e6e9f0}
th,td{border-color:#2c3342}figcaption{color:#9aa3b5}}"""


def page_of(report: GenerativeReport) -> str:
    """The whole report; pictures are inside, so that the file can be sent as it is."""
    title = html.escape(f"{report.model} on {report.data}")
    rows = "\n".join(_row(figure) for figure in report.figures)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in report.notes)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>
<body><h1>{title}</h1>
<p>{len(report.samples)} samples; distances in the features
“{html.escape(report.features)}”. Figures in other features cannot be compared with these.</p>
<table><thead><tr><th>Figure</th><th>Value</th><th>95 % interval</th><th>Real data</th>
<th>Better</th></tr></thead><tbody>
{rows}
</tbody></table>
<ul>{notes}</ul>
<h2>Samples</h2>
<figure><img alt="Samples of {html.escape(report.model)}" src="{_sheet(report)}">
<figcaption>{_captions(report)}</figcaption></figure>
{_nearest(report)}
</body></html>
"""


def _row(figure: Figure) -> str:
    interval = f"{figure.interval[0]:.4g} to {figure.interval[1]:.4g}" if figure.interval else ""
    real = "" if figure.real is None else f"{figure.real:.4g}"
    name = html.escape(figure.name.replace("_", " "))
    cells = "".join(f'<td class="n">{v}</td>' for v in (f"{figure.value:.4g}", interval, real))
    return f"<tr><td>{name}</td>{cells}<td>{figure.better}</td></tr>"


def _sheet(report: GenerativeReport) -> str:
    samples = report.samples
    if samples.ndim == 2:
        return _data_url(plot(samples[:, :2]))
    shown = samples[:64]
    return _data_url(grid(shown, math.ceil(math.sqrt(len(shown))), 64))


def _nearest(report: GenerativeReport) -> str:
    if report.samples.ndim == 2 or not len(report.neighbours):
        return ""
    count = len(report.neighbours)
    upper = _data_url(grid(report.samples[:count], count, 64))
    lower = _data_url(grid(report.neighbours, count, 64))
    gaps = ", ".join(f"{gap:.3g}" for gap in report.gaps)
    return f"""<h2>Nearest training samples</h2>
<figure><img alt="Generated samples" src="{upper}"><br>
<img alt="The training sample nearest to each" src="{lower}">
<figcaption>Above generated, below the nearest training sample; distances {gaps}.</figcaption>
</figure>"""


def _captions(report: GenerativeReport) -> str:
    return html.escape("; ".join(report.captions[:64]))


def _data_url(image: object) -> str:
    stream = io.BytesIO()
    image.save(stream, format="PNG")  # type: ignore[attr-defined]
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
