"""Types that other languages and the kernel share, generated from the records in `models`."""
