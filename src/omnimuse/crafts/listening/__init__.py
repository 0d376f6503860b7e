"""Listening: what a recording holds, measured: rhythm, harmony, form, voices, sounds, notes."""
