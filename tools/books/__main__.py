"""`python -m tools.books`: many lives with the ledger as it is, or planted bugs that the invariants must catch."""

import argparse
import json
import sys

from tools.books.trial import BY_NAME, Verdict, run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.books", description=__doc__)
    parser.add_argument("--lives", type=int, default=20, help="how many, for each mutant at most (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first life (default: 1)")
    parser.add_argument("--mutants", nargs="*", metavar="NAME", help="plant bugs: these, or all; must be caught")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default: 2)")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each verdict")
    return parser.parse_args()


def _say(verdict: Verdict, *, is_json: bool) -> None:
    if is_json:
        said = {"mutant": verdict.mutant, "caught": verdict.is_caught, "lives": verdict.lives, "seed": verdict.seed}
        print(json.dumps(said | {"findings": verdict.findings}, ensure_ascii=False), flush=True)
        return
    if verdict.mutant:
        by = ", ".join(sorted(verdict.findings)) or "nobody"
        print(
            f"{'caught' if verdict.is_caught else 'MISSED'} {verdict.mutant}: life {verdict.lives}, by {by}", flush=True
        )
    for name, found in verdict.findings.items() if not verdict.mutant else ():
        print(f"seed {verdict.seed}: {name}: {found[0]}", flush=True)


def main() -> int:
    """Try what was asked for.

    Returns:
        0 when the ledger as it is passes every check, or every planted bug was caught.
    """
    options = _arguments()
    seeds = range(options.seed, options.seed + options.lives)
    if options.mutants is None:
        names, batches = [""] * options.lives, [[seed] for seed in seeds]
        verdicts = list(run(names, batches, options.jobs))
        for verdict in verdicts:
            _say(verdict, is_json=options.json)
        bad = [verdict for verdict in verdicts if verdict.is_caught]
        print(f"{len(verdicts)} lives, {len(bad)} with findings")
        return bool(bad)
    names = options.mutants or list(BY_NAME)
    missed = 0
    orders = [[BY_NAME[name].life, *(seed for seed in seeds if seed != BY_NAME[name].life)] for name in names]
    for verdict in run(names, orders, options.jobs):
        _say(verdict, is_json=options.json)
        missed += not verdict.is_caught
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
