"""What Dockside promises about speed, runnable: ``make bench``."""
