"""Annotate one, get the rest: local self-supervised learning on your own folder of images."""
