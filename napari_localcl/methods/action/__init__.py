"""ACTION, anatomical-aware contrastive distillation: few labels, many images.

You, Dai, Min, Staib and Duncan, "Bootstrapping semi-supervised medical image segmentation with
anatomical-aware contrastive distillation", IPMI 2023, arXiv 2206.02307. Written from the equations.
"""

from .action import Action

__all__ = ["Action"]
