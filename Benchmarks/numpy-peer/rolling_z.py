"""A rolling z-score of 28 days by numpy, series after series: the peer of judgement-benchmark.

usage: rolling_z.py POINTS_FILE SERIES POINTS ROUNDS

POINTS_FILE holds the values of each series after the other as little-endian doubles. Prints the
seconds of processor time that one pass takes, the median of the rounds, and how many values lie
more than four deviations from the mean of the window before them.
"""

import sys
import time

import numpy

WINDOW = 28


def deviating(values: numpy.ndarray) -> int:
    """How many values are far from the window before them; sums run along, so cost is linear."""
    sums = numpy.concatenate(([0.0], numpy.cumsum(values)))
    squares = numpy.concatenate(([0.0], numpy.cumsum(values * values)))
    mean = (sums[WINDOW:-1] - sums[:-WINDOW - 1]) / WINDOW
    variance = (squares[WINDOW:-1] - squares[:-WINDOW - 1]) / WINDOW - mean * mean
    z = (values[WINDOW:] - mean) / numpy.sqrt(numpy.maximum(variance, 1e-9))
    return int(numpy.count_nonzero(numpy.abs(z) > 4))


def main() -> None:
    """Measures all rounds."""
    path, series, points, rounds = sys.argv[1], *map(int, sys.argv[2:])
    history = numpy.fromfile(path, dtype="<f8").reshape(series, points)
    seconds = []
    found = 0
    for _ in range(rounds):
        started = time.process_time()
        found = sum(deviating(values) for values in history)
        seconds.append(time.process_time() - started)
    print(sorted(seconds)[rounds // 2], found, flush=True)


if __name__ == "__main__":
    main()
