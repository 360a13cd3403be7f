"""ACE, small enough to train in a test."""

SMALL_ACE = {
    "image_size": 64,
    "width": 64,
    "depth": 1,
    "batch": 2,
    "consistency.width": 16,
    "consistency.dimensions": 8,
    "consistency.prototypes": 16,
}
SMALL_FLAGS = [part for name, value in SMALL_ACE.items() for part in ("--set", f"{name}={value}")]
