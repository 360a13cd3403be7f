"""Draw the sample sets: ``python sample_data/generate.py [--out DIR]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from generator import series
from generator.writing import write_all


def main() -> None:
    """Write all sets below ``--out`` (by default, beside this file)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill")
    out = parser.parse_args().out
    for written in write_all(out):
        print(written)
    for written in series.write_all(out / "series"):
        print(f"series/{written}")


if __name__ == "__main__":
    main()
