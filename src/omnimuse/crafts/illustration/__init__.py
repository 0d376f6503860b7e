"""The illustrator: a layout becomes an exact, editable, layered vector picture."""
