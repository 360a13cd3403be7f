"""Draws the two sample sets: hands as radiographs, eyes as fundus photographs, with known truth."""
