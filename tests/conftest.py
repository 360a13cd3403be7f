"""What all tests share."""

import os

# Before torch is imported anywhere: two test processes with many threads each only get in each
# other's way, and child processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
