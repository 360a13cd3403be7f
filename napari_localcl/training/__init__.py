"""One loop for anything that can name its losses: progress, devices, schedules, the run folder."""
