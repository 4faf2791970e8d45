"""Run the benchmarks named on the command line, or all of them."""

import argparse

from bench import ringing, routing

BENCHMARKS = {"ringing": ringing.main, "routing": routing.main}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="which (default: all)")
    names = parser.parse_args().names
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()


main()
