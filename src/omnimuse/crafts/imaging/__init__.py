"""Pixel work: masks, colour, compositing, filling, styles; NumPy arrays in, NumPy arrays out."""
