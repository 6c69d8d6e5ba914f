"""The demo: two real vendors' orders, six real hospitals, one day from order to verified custody bundle."""
