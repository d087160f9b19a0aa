"""Part `walls`: what of the host's GPUs student code reaches, with a control beside each thing that it must not."""

from collections.abc import Callable
from pathlib import Path

from autograder.acceptance.findings import Finding, Findings, Place, Verdict, not_tried
from autograder.acceptance.probes import Probes
from autograder.doctor import examine

__all__ = ["walls"]

_FILES = "import os\nresult = sorted(name for name in os.listdir('/dev') if name.startswith('nvidia'))"
_COUNT = "import torch\nresult = torch.cuda.device_count() if torch.cuda.is_available() else 0"
_ASK_FOR_ALL = f"import os\nos.environ['CUDA_VISIBLE_DEVICES'] = '0,1,2,3,4,5,6,7'\n{_COUNT}"
_STARTED = "import torch\nresult = torch.cuda.is_initialized()"
_COMPUTES = "import torch\nx = torch.eye(64, device='{kind}') * 3\nresult = float((x @ x).sum())"
_SENT = "import os\nresult = [os.environ['CUDA_VISIBLE_DEVICES'] != '', os.path.exists('/dev/null')]"


def walls(place: Place) -> Findings:
    """Try each wall of `autograder doctor`, then look from inside."""
    found = [
        Finding(
            what=f"wall: {wall.property}",
            verdict=Verdict.RIGHT if wall.there else Verdict.WRONG,
            seen=wall.remedy or wall.how,
        )
        for wall in examine(place.course)
        if wall.required
    ]
    gpu = place.devices.gpus[0] if place.devices.gpus else None
    own = [Path(node).name for node in gpu.nodes if Path(node).parent == Path("/dev")] if gpu else []
    inner = [path.name for path in gpu.device_files() if path.parent == Path("/dev")] if gpu else []
    number = 1 if gpu else 0
    cases: list[tuple[str, str, Callable[[object], bool]]] = [
        ("student code computes", _COMPUTES.format(kind=place.devices.kind), lambda seen: seen == 64 * 9.0),
        ("the box shows ordinary devices (control)", _SENT, lambda seen: seen == [gpu is not None, True]),
        (
            f"the box shows {own or 'no GPU'} alone",
            _FILES,
            lambda seen: isinstance(seen, list) and set(seen) <= {*inner, "nvidia-caps"},
        ),
        (f"torch sees {number} GPU", _COUNT, lambda seen: seen == number),
        ("a changed CUDA_VISIBLE_DEVICES brings no other GPU", _ASK_FOR_ALL, lambda seen: seen in {0, number}),
        ("CUDA was not started before the fork", _STARTED, lambda seen: seen is False),
    ]
    with Probes.open(gpu) as probes:
        for what, source, right in cases:
            seen = probes.ask(source)
            found.append(Finding(what=what, verdict=Verdict.RIGHT if right(seen) else Verdict.WRONG, seen=str(seen)))
    if gpu is None:
        found += not_tried("each of these with a GPU in the box")
    elif len(place.devices.gpus) == 1:
        found += not_tried("the files of a second GPU stay out of the box", why="this host has one GPU")
    return Findings(findings=found)
