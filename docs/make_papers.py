"""Write docs/papers.md: which published method lives in which file, from the files' own citations.

python docs/make_papers.py [--check]
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "papers.md"
HEAD = """<!-- written by docs/make_papers.py -->

# Methods and papers

Sentences of the files' own documentation that cite their source; deviations are named there.

"""
# a citation: a year after a name, or an arXiv number, or a standard
CITATION = re.compile(
    r"arXiv:\d{4}\.\d{4,5}|\b[A-Z][\w'-]+(?: (?:et al\.|& [A-Z][\w'-]+))? \(?(?:19|20)\d\d\b"
    r"|\bITU-R BS\.|\bEBU \w*\s?\d+|\bRFC \d+"
)


def sentences(text: str) -> list[str]:
    """Docstring text as sentences on one line each."""
    flat = re.sub(r"\s+", " ", text)
    return re.split(r"(?<=[.;)])\s(?=[A-Z])", flat)


def citations(path: Path) -> list[str]:
    """Sentences with a citation from all docstrings of a module, each once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef))]
    found = [s for n in nodes for s in sentences(ast.get_docstring(n) or "") if CITATION.search(s)]
    return list(dict.fromkeys(s.strip() for s in found))


def page() -> str:
    """The page, by folder."""
    lines, folder = [HEAD], ""
    for path in sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "recipes").glob("*.py")]):
        cited = citations(path)
        if not cited:
            continue
        name = path.relative_to(ROOT).as_posix().removeprefix("src/omnimuse/")
        if name.rsplit("/", 1)[0] != folder:
            folder = name.rsplit("/", 1)[0]
            lines.append(f"\n## {folder}\n\n")
        lines += [f"- `{name}`: {sentence}\n" for sentence in cited]
    return "".join(lines)


def main() -> None:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv:
        if not OUT.is_file() or OUT.read_text(encoding="utf-8") != text:
            raise SystemExit("docs/papers.md is out of date; run python docs/make_papers.py")
    else:
        OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
