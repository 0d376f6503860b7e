"""3D scenes: parametric models, arranged by what a description says, written as GLB, and seen."""
