"""Written words as vector outlines: fonts, fitting, panels."""
