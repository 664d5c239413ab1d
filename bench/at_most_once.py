"""At most once, under load: `python -m bench.at_most_once --keys 1000 --repeats 6 --kills 20`.

Thousands of concurrent repeats of the same Idempotency-Keys from three callers through two isolates of the routing
Worker, on autopilots of which some break, with workerd killed (SIGKILL) and started again on the same D1. Prints the
figures, and exits with 1 unless every run was done at most once and no success was wrong.
"""

from __future__ import annotations

import argparse

from tests.support.at_most_once import measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.at_most_once", description=__doc__)
    parser.add_argument("--keys", type=int, default=1000, help="different runs (%(default)s)")
    parser.add_argument("--repeats", type=int, default=6, help="of each, in random order (%(default)s)")
    parser.add_argument("--kills", type=int, default=20, help="of workerd on the way (%(default)s)")
    parser.add_argument("--at-once", type=int, default=64, help="concurrent requests (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another one is another load (%(default)s)")
    options = parser.parse_args()
    figures = measure(
        keys=options.keys,
        repeats=options.repeats,
        kills=options.kills,
        at_once=options.at_once,
        seed=options.seed,
    )
    print(f"{figures.requests} requests for {figures.keys} keys in {figures.seconds:.0f} s, {figures.kills} kills")
    for kind, count in figures.answers.most_common():
        print(f"  {count:6}  {kind}")
    print(f"calls that reached an autopilot        {figures.calls}")
    print(f"most calls of a key, refused ones too  {figures.most_calls}")
    print(f"most calls of a key that did it        {figures.most_deeds}")
    print(f"wrong successes                        {figures.wrong_successes}")
    print(f"keys with two different answers        {figures.changed_answers}")
    return int(figures.most_deeds > 1 or figures.wrong_successes > 0 or figures.changed_answers > 0)


if __name__ == "__main__":
    raise SystemExit(main())
