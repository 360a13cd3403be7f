"""Landmarks in the formats of other programs; :mod:`.formats` lists them."""
