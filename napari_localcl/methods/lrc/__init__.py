"""LRC, localized region contrast: a local term added to any other system.

Yan et al., "Localized region contrast for enhancing self-supervised learning in medical image
segmentation", MICCAI 2023, arXiv 2304.03406. Reconstructed from its abstract and what else is said
of it in public; its constants are not known, all of those here are ours.
"""

from .lrc import LRC

__all__ = ["LRC"]
