"""Layers that prepare data: scaling, bins, vocabularies, hashes, text."""
