"""Sentence embeddings over the open inference protocol: all-MiniLM-L6-v2, computed by NumPy, served by MLServer."""
