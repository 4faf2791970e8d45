"""Benchmarks anyone can run: ``make bench``. Each prints its figures beside a floor measured in the same run."""
