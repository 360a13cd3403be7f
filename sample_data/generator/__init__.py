"""Draws the sample sets: radiographs of hands, photographs of eyes, slices of hearts."""
