"""Editing a scene by words: instructions read by their grammar, applied to objects."""
