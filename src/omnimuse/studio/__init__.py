"""Studio: the web face. Static files alone; the server serves them, the browser runs them.

No build step, no framework, nothing from any network. Everything that the pages show comes from
the server's HTTP interface, so the studio holds no logic of the flow.
"""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
