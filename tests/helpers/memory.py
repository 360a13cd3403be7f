"""How much memory a piece of work asks for at once."""

from collections.abc import Callable

from torch.profiler import ProfilerActivity, profile


def largest_allocation(work: Callable[[], object]) -> int:
    """Do the work and return the bytes of the largest tensor that an operation of it made."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        work()
    return max(event.self_cpu_memory_usage for event in record.events())
