"""Sum up all parts that lie in a folder, as Markdown for docs/benchmarks.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.acceptance.findings import Findings, Verdict, read_findings

__all__ = ["summary"]


def summary(folder: Path, parts: Sequence[str]) -> str:
    """Return the page: what each part says, in the parts' order; one without a file is named as not run."""
    lines = ["# GPU acceptance", ""]
    there = [(part, *read_findings(path)) for part in parts if (path := folder / f"{part}.json").exists()]
    missing = [part for part in parts if part not in {part for part, _, _ in there}]
    lines += ["| part | device | right | wrong | not tried | seconds |", "|---|---|--:|--:|--:|--:|"]
    for part, findings, about in there:
        count = [sum(one.verdict == verdict for one in findings.findings) for verdict in Verdict]
        lines.append(f"| {part} | {about['device']} | {count[0]} | {count[1]} | {count[2]} | {about['seconds']:.0f} |")
    if missing:
        lines += ["", f"Not run: {', '.join(missing)}."]
    for part, findings, about in there:
        lines += ["", f"## {part}", "", f"`{about['command']}`, {about['at']}, on {about['machine']}", ""]
        lines += _details(findings)
    return "\n".join(lines) + "\n"


def _details(findings: Findings) -> list[str]:
    lines = []
    for verdict in (Verdict.WRONG, Verdict.NOT_TRIED):
        for one in findings.findings:
            if one.verdict == verdict:
                seen = f": {_flat(one.seen)}" if one.seen else ""
                lines += [f"- **{verdict}**: {_flat(one.what)}{seen}"]
    right = sum(one.verdict == Verdict.RIGHT for one in findings.findings)
    lines.append(f"- right: {right}")
    if findings.rows:
        lines += ["", f"| {' | '.join(findings.columns)} |", f"|{'--:|' * len(findings.columns)}"]
        lines += [f"| {' | '.join(_shown(row, column) for column in findings.columns)} |" for row in findings.rows]
    return lines


def _shown(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return "not measured"
    return f"{value:.4g}" if isinstance(value, float) else _flat(str(value))


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
