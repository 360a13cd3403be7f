"""How long the main thread of a window may work without a pause, in tests."""

# Seconds. Twice what is promised: other windows of the tests live in the same process.
AWAKE = 0.2
