"""Images and annotations as napari's layer tuples: `(data, keyword arguments, kind)`.

They are plain tuples; napari itself is not needed here.
"""
