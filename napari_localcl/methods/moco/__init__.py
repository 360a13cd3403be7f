"""MoCo v2, momentum contrast, as a system of its own and as the usual base of LRC.

He, Fan, Wu, Xie and Girshick, CVPR 2020, arXiv 1911.05722; Chen, Fan, Girshick and He, "Improved
baselines with momentum contrastive learning", arXiv 2003.04297. Written from the papers.
"""

from .moco import MoCo

__all__ = ["MoCo"]
