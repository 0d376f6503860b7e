"""A sentence in, a film out, with progress: python examples/first_film.py "a sailboat"."""

from __future__ import annotations

import sys
from pathlib import Path

from omnimuse import Event, Request, Studio


def show(event: Event) -> None:
    if event.type in ("node_finished", "node_cached", "node_failed"):
        print(f"{event.type.removeprefix('node_')}: {event.node}")


def main() -> None:
    subject = " ".join(sys.argv[1:]) or "a sailboat at sunset"
    prompt = f"Make a short film of {subject} with soft piano music"
    with Studio() as studio:
        response = studio.run(Request(prompt, output_dir=Path("out/first-film")), show)
    print(response.reply)


if __name__ == "__main__":
    main()
