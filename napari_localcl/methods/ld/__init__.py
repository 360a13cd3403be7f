"""LD, local discrimination: the system (``ld``), its equations (``terms``, ``shape``, ``refine``).

Chen, Li, Wang, Zheng and Cheng, "Unsupervised local discrimination for medical images",
arXiv 2108.09440; precursor in IPMI 2021, arXiv 2012.09333. Written from the papers.
"""

from .ld import LD

__all__ = ["LD"]
