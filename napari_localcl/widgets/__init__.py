"""The window: docks in napari. The only folder that imports Qt and napari."""
