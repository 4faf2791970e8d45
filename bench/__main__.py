"""Run the benchmarks named on the command line, or all of them, each in a process of its own."""

import argparse
import subprocess
import sys

from bench import booking, ringing, routing, slots

BENCHMARKS = {"booking": booking.main, "ringing": ringing.main, "routing": routing.main, "slots": slots.main}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="which (default: all)")
    names = parser.parse_args().names or list(BENCHMARKS)
    if len(names) == 1:
        BENCHMARKS[names[0]]()
        return
    for name in names:
        subprocess.run([sys.executable, "-m", "bench", name], check=True)


main()
