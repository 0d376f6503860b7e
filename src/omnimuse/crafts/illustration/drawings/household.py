"""Drawings of household."""

from __future__ import annotations

from omnimuse.crafts.illustration.drawings.base import Drawing

DRAWINGS: tuple[Drawing, ...] = ()
