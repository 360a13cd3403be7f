"""SSLM, spatial context of frames: the system (``sslm``), its puzzle (``permutations``, ``tiles``).

Manna, Bhattacharya and Pal, "SSLM: self-supervised learning for medical diagnosis from MR video",
arXiv 2104.10481; precursor arXiv 2007.07761. Written from the papers.
"""

from .sslm import SSLM

__all__ = ["SSLM"]
