"""Tool sets that come from a file: their formats, and evidence for tools never seen."""
