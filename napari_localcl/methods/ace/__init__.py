"""ACE: the system (``ace``), its crops (``cropping``, ``sampling``) and its terms (``terms``).

Zhou, Luo, Hosseinzadeh Taher, Pang, Ding, Gotway and Liang, "ACE: anatomically consistent
embeddings in composition and decomposition", WACV 2025, arXiv 2501.10131. From the formulae alone.
"""

from .ace import ACE

__all__ = ["ACE"]
