"""Make a feedback page with everything on it that a page can have."""

import base64
import math
import struct
import zlib
from datetime import UTC, datetime

from autograder.course import Assignment, FeedbackLevel
from autograder.feedback.answer_cells import Picture, ShownCell
from autograder.feedback.feedback import Graded, gather
from autograder.feedback.page import feedback_page
from autograder.results import CheckRecord, CheckStatus, Curve, Measurement, Result, Status

ASSIGNMENT = Assignment(
    name="mlp", title="Train a multi-layer perceptron", points=20, due=datetime(2027, 1, 15, 23, 59, tzinfo=UTC)
)

LONG = "a_name_" * 30
SOURCE = f'''class MLP(nn.Module):
    """Two hidden layers, and a line that is much longer than any phone is wide, so that it has to be scrolled there."""

    def __init__(self, inputs: int = 784, hidden: int = 500, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(inputs, hidden), nn.ReLU())  # {LONG}

    def forward(self, x):
        return self.layers(x) + 0.5 * "text"  # a slip
'''


def figure(width: int = 640, height: int = 240) -> str:
    """Return a PNG in base64: a wide picture of stripes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(255 if (x // 20 + y // 20) % 2 else 160 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + content).decode()


def curve(places: int = 60, *, ends: float = 0.05, scale: float = 1.0, **values: object) -> Curve:
    """Return a curve that falls as a loss does, and a band."""
    falls = [ends + 2.2 * math.exp(-place / 6) for place in range(places)]
    own = [float(f"{scale * loss * (1 + 0.12 * math.sin(7 * place)):.3g}") for place, loss in enumerate(falls)]
    low = tuple(0.04 + 1.9 * math.exp(-place / 5) for place in range(places))
    known = {
        "of": "training loss",
        "steps": 1_173,
        "values": tuple(own),
        "low": low,
        "high": tuple(1.4 * value + 0.02 for value in low),
        "reference_steps": 1_173,
        "reference_runs": 6,
    }
    return Curve(**{**known, **values})


def check(name: str, status: CheckStatus, score: float, points: float, **values: object) -> CheckRecord:
    """Return the record of a check."""
    fields = {"question": "MLP", "public": False, "status": status, "score": score, "points": points, **values}
    return CheckRecord(id=f"test_network.py::test_{name}", **fields)


CHECKS = (
    check("the_sizes_are_parameters", CheckStatus.PASSED, 2, 2, public=True),
    check("forward_matches_the_reference", CheckStatus.FAILED, 0, 3, message="The second ReLU is missing: see `nn.ReLU`."),
    check("it_can_be_called_in_any_mode", CheckStatus.ERROR, 0, 1, message="Your code raised TypeError in `MLP`."),
    check("weights_are_its_own", CheckStatus.TIMEOUT, 0, 1, message=f"Your code did not finish within 20 seconds: `{LONG}`"),
    check("the_loss_falls", CheckStatus.MISSING, 0, 1, question="train_one_epoch", message="`train_one_epoch` is not written yet."),
    check(
        "accuracy_on_hidden_digits",
        CheckStatus.PARTIAL,
        1.25,
        2.5,
        question="train_mlp",
        message="Your network is right on 93.1% of 10,000 digits that it has never seen; 96% are asked for.",
        measured=(Measurement(of="accuracy on 10,000 hidden digits", value=0.931, at_least=0.96),),
        curves=(curve(ends=0.2),),
    ),
    check(
        "losses_that_are_sums",
        CheckStatus.PASSED,
        1,
        1,
        question="train_mlp",
        curves=(curve(scale=128.0), curve(steps=4_000, values=(2.3, 2.2, 1.9, None, 1.7, None, None, None), low=(), high=(), reference_steps=0)),
    ),
)  # fmt: skip


def graded(result: Result, **values: object) -> Graded:
    """Return what is known of a grading of this assignment."""
    return Graded(assignment=ASSIGNMENT, result=result, **values)


def page(level: FeedbackLevel = "full") -> str:
    """Return the page of a late submission, graded anew, with attempts, hints, curves, figures and output."""
    result = Result(
        assignment="mlp",
        student="ada-lovelace-0123456789-with-quite-a-long-id",
        status=Status.GRADED,
        score=2.25,
        max_score=20.0,
        late_days=1,
        penalty=2.0,
        lateness="1 day late: 10% of 20 points off, 4.25 - 2 = 2.25.",
        attempt=2,
        submitted_at="2027-01-16T10:00:00+00:00",
        graded_at="2027-01-20T10:00:00+00:00",
        checks=CHECKS,
        depends_on={"check a": "2"},
    )
    first = Result(assignment="mlp", student="ada", status=Status.GRADED, score=1.0, max_score=20.0)
    earlier = Result(assignment="mlp", student="ada", status=Status.GRADED, score=0.0, max_score=20.0, depends_on={"check a": "1"}, attempt=2)  # fmt: skip
    cells = [
        ShownCell(
            number=3, question="MLP", source=SOURCE, failed_lines=(9,), error="TypeError in cell 3 (`MLP`), line 9"
        ),
        ShownCell(
            number=9,
            question="train_mlp",
            source="model = train_mlp(train_loader, valid_loader, device)",
            outputs=("epoch 1: " + "0.123456789 " * 20 + "\n" + "x" * 400, Picture(kind="image/png", base64=figure())),
        ),
        ShownCell(number=11, question="", source="plt.plot(losses)", outputs=("done",)),
    ]
    return feedback_page(
        gather(
            Graded(
                assignment=ASSIGNMENT,
                result=result,
                cells=cells,
                attempts=[first, result],
                earlier=earlier,
            ),
            level,
        )
    )
