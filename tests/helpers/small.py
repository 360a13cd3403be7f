"""LD, small enough to train in a test."""

SMALL_LD = {
    "image_size": 64,
    "width": 4,
    "dimensions": 8,
    "clusters": 4,
    "pairs": 2,
    "grid": 4,
    "points.count": 8,
    "points.places": 64,
    "points.near_places": 8,
    "correspondences.pairs": 6,
}
SMALL_FLAGS = [part for name, value in SMALL_LD.items() for part in ("--set", f"{name}={value}")]
