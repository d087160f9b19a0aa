"""Write the tables of README.md in this folder from the JSON files beside it: python docs/validation/summary.py.

With `--quick FOLDER` only the table of the quick form, from the JSON files there.
"""

import argparse
import json
import re
from pathlib import Path

HERE = Path(__file__).parent
ORDER = ("parameter_counting", "mlp", "lenet", "batchnorm", "faster_rcnn", "mask_rcnn")


def main() -> None:
    """Replace what stands between the markers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", type=Path, metavar="FOLDER")
    folder = parser.parse_args().quick
    found = [json.loads(path.read_text()) for name in ORDER if (path := (folder or HERE) / f"{name}.json").is_file()]
    tables = {"kills": kills, "survivors": survivors, "students": students, "spread": spread}
    text = (HERE / "README.md").read_text()
    for name, lines in (
        {"quick": quick(found)}.items() if folder else {k: make(found) for k, make in tables.items()}.items()
    ):
        table = "\n".join(lines)
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text, flags=re.DOTALL
        )
    (HERE / "README.md").write_text(text)


def quick(found: list[dict]) -> list[str]:
    """Return the table of the quick form, with sums."""
    lines = ["| assignment | right kept | wrong caught | mutants caught | findings |", "|---|---|---|---|---|"]
    sums = [0, 0, 0, 0]
    for one in found:
        of, caught = answers(one)
        row = [len(of["right"]) - caught["right"], len(of["right"]), caught["wrong"], len(of["wrong"])]
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        mutants = f"{caught['mutant']} of {len(of['mutant'])}"
        kept, wrong = f"{row[0]} of {row[1]}", f"{row[2]} of {row[3]}"
        lines.append(f"| {one['assignment']} | {kept} | {wrong} | {mutants} | {len(one['findings'])} |")
    return [*lines, f"| all | {sums[0]} of {sums[1]} | {sums[2]} of {sums[3]} | | |"]


def answers(one: dict) -> tuple[dict[str, list[dict]], dict[str, int]]:
    """Return an assignment's answers by their kind, and how many of each were caught."""
    of = {kind: [row for row in one["answers"] if row["kind"] == kind] for kind in ("right", "wrong", "mutant")}
    return of, {kind: sum(bool(row["caught_by"]) for row in rows) for kind, rows in of.items()}


def kills(found: list[dict]) -> list[str]:
    """Return the table of answers and mutants."""
    lines = ["| assignment | solution | blank | right kept | wrong caught | mutants caught | of those not explained |"]
    lines.append("|---|---|---|---|---|---|---|")
    for one in found:
        of, caught = answers(one)
        lines.append(
            f"| [{one['assignment']}]({one['assignment']}.html) | {one['solution']['score']:g} of {one['points']:g} "
            f"| {one['blank']['score']:g} | {len(of['right']) - caught['right']} of {len(of['right'])} "
            f"| {caught['wrong']} of {len(of['wrong'])} | {caught['mutant']} of {len(of['mutant'])} "
            f"| {one['kill_rate']:.1%} |"
        )
    return lines


def survivors(found: list[dict]) -> list[str]:
    """Return the mutants that keep every point, with the reason."""
    lines = ["| assignment | question | change | why that is all right |", "|---|---|---|---|"]
    for one in found:
        for row in one["answers"]:
            if row["kind"] == "mutant" and not row["caught_by"]:
                change = row["name"].replace("|", "\\|")
                reason = row.get("harmless", "not explained")
                lines.append(f"| {one['assignment']} | `{row['questions'][0]}` | `{change}` | {reason} |")
    return lines


def students(found: list[dict]) -> list[str]:
    """Return the table of right answers over many students."""
    lines = ["| assignment | checks | students | checks in which a right answer lost | rate at most |"]
    lines.append("|---|---|---|---|---|")
    for one in found:
        checks = one.get("false_fails", [])
        if checks:
            most = max(check["students"] for check in checks)
            lost = sum(check["failures"] > 0 for check in checks)
            rate = max(check["false_fail_rate_at_most"] for check in checks)
            lines.append(f"| {one['assignment']} | {len(checks)} | {most} | {lost} | {rate:.2%} |")
    return lines


def spread(found: list[dict]) -> list[str]:
    """Return the spread of the training checks."""
    lines = ["| assignment | measured | seeds | asked for | least | mean | σ | σ away | failed | rate at most |"]
    lines.append("|---|---|---|---|---|---|---|---|---|---|")
    for one in found:
        for s in one["spreads"]:
            shown = [f"{s[name]:.4f}" for name in ("least", "mean", "standard_deviation")]
            cells = [one["assignment"], s["of"], s["n"], f"{s['at_least']:g}", *shown, s["distance"], s["failures"]]
            lines.append(f"| {' | '.join(map(str, cells))} | {s['false_fail_rate_at_most']:.1%} |")
    return lines


if __name__ == "__main__":
    main()
