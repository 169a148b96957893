"""Run a suite that somebody else wrote: ``python tests/conformance/run.py SUITE FILE [--list] [--null]``.

FILE is gzipped JSON lines, one case a line.  The last line of the output says how many cases in
scope pass, and how many an implementation passes that does nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance import freebsd_tcp, html5lib_tree, taffy_layout, wpt_check_layout

__all__ = ["SUITES", "Verdict", "cases", "judge"]


class Verdict(NamedTuple):
    """How a case ended: pass, fail or out (of scope), and why."""

    name: str
    outcome: str
    reason: str


class Suite(NamedTuple):
    """How the cases of one suite are run: by our implementation, and by one that does nothing."""

    run: Callable[[dict[str, Any]], tuple[str, str]]
    run_null: Callable[[dict[str, Any]], bool]


SUITES = {
    "freebsd-tcp": Suite(freebsd_tcp.run, freebsd_tcp.run_null),
    "html5lib-tree": Suite(html5lib_tree.run, html5lib_tree.run_null),
    "taffy-layout": Suite(taffy_layout.run, taffy_layout.run_null),
    "wpt-check-layout": Suite(wpt_check_layout.run, wpt_check_layout.run_null),
}


def cases(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def judge(suite: str, case: dict[str, Any]) -> Verdict:
    """Run one case."""
    outcome, reason = SUITES[suite].run(case)
    return Verdict(case.get("name", ""), outcome, reason)


def main() -> int:
    """Run all cases and print the sum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("file", type=Path)
    parser.add_argument("--list", action="store_true", help="print each case with its verdict and reason")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    arguments = parser.parse_args()
    counts = {"pass": 0, "fail": 0, "out": 0}
    null = 0
    for case in cases(arguments.file):
        if arguments.only not in case.get("name", ""):
            continue
        verdict = judge(arguments.suite, case)
        counts[verdict.outcome] += 1
        if verdict.outcome != "out":
            null += SUITES[arguments.suite].run_null(case)
        if arguments.list:
            print(f"{verdict.outcome:4} {verdict.name}{': ' if verdict.reason else ''}{verdict.reason}")
    in_scope = counts["pass"] + counts["fail"]
    print(
        f"{arguments.suite}: {counts['pass']} of {in_scope} in scope pass, {counts['out']} out of scope,"
        f" null implementation: {null}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
