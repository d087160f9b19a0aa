"""Say who is in the sample class: what each student handed in, and the verdict that it deserves.

A student hands in the solution's answers except where `answers` gives another; `lost` are the points lost by question.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.checks.catalogue import collect_checks
from autograder.course import Course, load_course
from autograder.own_notebooks import solution_cells

STUB = 'raise NotImplementedError("not written yet")'
Cells = list[dict[str, Any]]


def leave(_cells: Cells) -> None:
    """Hand the notebook in as it is."""


def strip(cells: Cells) -> None:
    """Lose all metadata and ids, as some tools do when they save."""
    for number, cell in enumerate(cells):
        cell["metadata"] = {}
        cell["id"] = f"cell-{number}"


def reorder(cells: Cells) -> None:
    """Turn the notebook upside down, and write two more cells."""
    cells.reverse()
    for number, source in enumerate(("import math  # my own import", "print(math.pi, linear_parameters(2, 2))")):
        cells.insert(
            len(cells) * number,
            {
                "cell_type": "code",
                "id": f"mine-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            },
        )


@dataclass(frozen=True, kw_only=True)
class Student:
    """One submission."""

    name: str
    assignment: str
    what: str
    """In words."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Sources that replace the solution's, by question."""
    lost: Mapping[str, float] = field(default_factory=dict)
    """Points lost, by question."""
    hint: str = ""
    """Part of a hint that the student must get."""
    penalty: float = 0.0
    blank: bool = False
    """Nothing filled in."""
    disturb: Callable[[Cells], None] = leave
    content: bytes | None = None
    """The file's bytes, where it is no notebook."""
    hands_in: bool = True
    submitted_at: str = ""

    @property
    def status(self) -> str:
        """Return the status of the result."""
        return "graded" if self.hands_in and self.content is None else "invalid"

    @property
    def score(self) -> float:
        """Return the score of the result."""
        if self.status == "invalid":
            return 0.0
        return round(POINTS[self.assignment] - sum(self.lost.values()) - self.penalty, 6)


def points_by_question(course: Course) -> dict[str, dict[str, float]]:
    """Return what each question with points is worth, by assignment, in the order of its notebook."""
    points: dict[str, dict[str, float]] = {}
    for name in (assignment.name for assignment in course.assignments):
        notebook = json.loads(course.source_notebook(name).read_text(encoding="utf-8"))
        points[name] = dict.fromkeys(solution_cells(notebook), 0.0)
        for check in collect_checks(course.checks_folder(name)):
            points[name][check.question] += check.points
        points[name] = {question: worth for question, worth in points[name].items() if worth}
    return points


COURSE = load_course(Path(__file__).parent.parent)
EVERYTHING = points_by_question(COURSE)
POINTS = {assignment.name: assignment.points for assignment in COURSE.assignments}

BY_HAND = {
    "mlp_layer_parameters": "mlp_layer_parameters = [392_500, 250_500, 5_010]",
    "mlp_total": "mlp_total = 648_010",
    "cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 15_690]",
    "cnn_total": "cnn_total = 28_938",
}

COUNTING = [
    Student(name="amelie", assignment="parameter_counting", what="all right"),
    Student(
        name="bruno",
        assignment="parameter_counting",
        what="blank",
        blank=True,
        lost=EVERYTHING["parameter_counting"],
        hint="still raises NotImplementedError",
    ),
    Student(
        name="chen",
        assignment="parameter_counting",
        what="biases forgotten in the networks",
        answers={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_000, 250_000, 5_000]",
            "mlp_total": "mlp_total = 647_000",
            "cnn_layer_parameters": "cnn_layer_parameters = [400, 12_800, 15_680]",
            "cnn_total": "cnn_total = 28_880",
        },
        lost={"mlp_layer_parameters": 0.5, "cnn_layer_parameters": 0.5},
        hint="Biases are missing",
    ),
    Student(
        name="dora",
        assignment="parameter_counting",
        what="input channels forgotten",
        answers={
            **BY_HAND,
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 832, 15_690]",
            "cnn_total": "cnn_total = 16_938",
        },
        lost={"cnn_layer_parameters": 1.0},
        hint="The input channels are missing",
    ),
    Student(
        name="emil",
        assignment="parameter_counting",
        what="pooling forgotten in the flatten size",
        answers={
            **BY_HAND,
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 28 * 28 * 32 * 10 + 10]",
            "cnn_total": "cnn_total = 416 + 12_832 + 28 * 28 * 32 * 10 + 10",
        },
        lost={"cnn_layer_parameters": 1.0},
        hint="The pooling is forgotten in the flatten size",
    ),
    Student(
        name="fatima",
        assignment="parameter_counting",
        what="padding forgotten in the flatten size",
        answers={
            **BY_HAND,
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 4 * 4 * 32 * 10 + 10]",
            "cnn_total": "cnn_total = 416 + 12_832 + 4 * 4 * 32 * 10 + 10",
        },
        lost={"cnn_layer_parameters": 1.0},
        hint="The padding is forgotten in the flatten size",
    ),
    Student(
        name="goran",
        assignment="parameter_counting",
        what="one bias for each weight",
        answers={
            **BY_HAND,
            "linear_parameters": "def linear_parameters(in_features, out_features, bias=True):\n"
            "    weights = in_features * out_features\n"
            "    return 2 * weights if bias else weights",
            "my_total": "my_total = 0",
        },
        lost={"linear_parameters": 0.5, "my_total": 1.0},
        hint="not one for each weight",
    ),
    Student(
        name="hana",
        assignment="parameter_counting",
        what="the misleading figure with one hidden layer",
        answers={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_500, 5_010]",
            "mlp_total": "mlp_total = 397_510",
        },
        lost={"mlp_layer_parameters": 1.0},
        hint="one hidden layer",
    ),
    Student(
        name="ivan",
        assignment="parameter_counting",
        what="running statistics counted",
        answers={
            "batchnorm2d_parameters": "def batchnorm2d_parameters(num_features):\n    return 4 * num_features",
            "count_parameters": "def count_parameters(model):\n    return sum(t.numel() for t in model.state_dict().values())",
        },
        lost={"batchnorm2d_parameters": 0.5, "count_parameters": 1.0},
        hint="running",
    ),
    Student(name="jana", assignment="parameter_counting", what="all right, all metadata stripped", disturb=strip),
    Student(
        name="karl", assignment="parameter_counting", what="all right, cells reordered, extra cells", disturb=reorder
    ),
    Student(
        name="lena",
        assignment="parameter_counting",
        what="a neighbour's variant",
        answers={
            "my_total": "neighbour = my_architecture('jana')\n"
            "conv1 = conv2d_parameters(neighbour.in_channels, neighbour.conv1_channels, neighbour.conv1_kernel)\n"
            "my_total = conv1 + 12_345",
        },
        lost={"my_total": 1.0},
    ),
    Student(
        name="mads",
        assignment="parameter_counting",
        what="floats for whole numbers",
        answers={
            "conv2d_output_size": "def conv2d_output_size(size, kernel_size, stride=1, padding=0):\n"
            "    return (size + 2 * padding - kernel_size) / stride + 1",
            "my_total": STUB,
        },
        lost={"conv2d_output_size": 1.0, "my_total": 1.0},
        hint="divide with //",
    ),
    Student(
        name="nina",
        assignment="parameter_counting",
        what="a syntax error in one cell",
        answers={
            "count_parameters": "def count_parameters(model)\n    return sum(p.numel() for p in model.parameters())"
        },
        lost={"count_parameters": 1.5},
        hint="SyntaxError",
    ),
    Student(
        name="omar",
        assignment="parameter_counting",
        what="an endless loop",
        answers={"batchnorm2d_parameters": "def batchnorm2d_parameters(num_features):\n    while True:\n        pass"},
        lost={"batchnorm2d_parameters": 0.5},
        hint="did not finish",
    ),
    Student(
        name="pia",
        assignment="parameter_counting",
        what="numbers that claim to equal everything",
        answers={
            **BY_HAND,
            "mlp_total": "class Any(int):\n    __eq__ = lambda self, other: True\n    __hash__ = int.__hash__\n"
            "mlp_total = Any(1)",
            "my_total": "my_total = Any(1)",
        },
        lost={"mlp_total": 0.5, "my_total": 1.0},
        hint="must be a whole number (int)",
    ),
    Student(name="quentin", assignment="parameter_counting", what="not a notebook", content=b"%PDF-1.4 my answers\n"),
    Student(name="rosa", assignment="parameter_counting", what="no file", hands_in=False),
]

TRAINING = [
    Student(name="amelie", assignment="mlp", what="all right"),
    Student(name="bruno", assignment="mlp", what="blank", blank=True, lost=EVERYTHING["mlp"]),
    Student(
        name="chen",
        assignment="mlp",
        what="softmax at the end; training not attempted",
        answers={
            "MLP": "class MLP(nn.Module):\n"
            "    def __init__(self, input_size=784, hidden_size=500, num_classes=10):\n"
            "        super().__init__()\n"
            "        self.hidden_layer = nn.Sequential(\n"
            "            nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU()\n"
            "        )\n"
            "        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))\n\n"
            "    def forward(self, x):\n"
            "        return self.output_layer(self.hidden_layer(x.flatten(1))).softmax(dim=1)",
            "train_mlp": STUB,
        },
        lost={"MLP": 2.5, "train_mlp": 4.0},
        hint="there is a softmax at the end",
    ),
    Student(
        name="dora",
        assignment="mlp",
        what="means of batch means, accuracy in percent; training not attempted",
        answers={
            "train_one_epoch": "def train_one_epoch(model, loader, criterion, optimizer):\n"
            "    model.train()\n"
            "    total = 0.0\n"
            "    for images, labels in loader:\n"
            "        optimizer.zero_grad()\n"
            "        loss = criterion(model(images), labels)\n"
            "        loss.backward()\n"
            "        optimizer.step()\n"
            "        total += loss.item()\n"
            "    return total / len(loader)",
            "evaluate": "def evaluate(model, loader, criterion):\n"
            "    mode = model.training\n"
            "    model.eval()\n"
            "    total, right, seen = 0.0, 0, 0\n"
            "    with torch.no_grad():\n"
            "        for images, labels in loader:\n"
            "            logits = model(images)\n"
            "            total += criterion(logits, labels).item() * len(labels)\n"
            "            right += (logits.argmax(1) == labels).sum().item()\n"
            "            seen += len(labels)\n"
            "    model.train(mode)\n"
            "    return total / seen, 100 * right / seen",
            "train_mlp": STUB,
        },
        lost={"train_one_epoch": 2.5, "evaluate": 2.5, "train_mlp": 4.0},
        hint="not in percent",
    ),
    Student(
        name="emil",
        assignment="mlp",
        what="gradients add up, mode not restored, statistics not scaled, no minlength; training not attempted",
        answers={
            "class_counts": "def class_counts(labels):\n    return torch.bincount(labels)",
            "pixel_statistics": "def pixel_statistics(images):\n"
            "    pixels = images.double()\n"
            "    return pixels.mean().item(), pixels.std().item()",
            "train_one_epoch": "def train_one_epoch(model, loader, criterion, optimizer):\n"
            "    model.train()\n"
            "    total, seen = 0.0, 0\n"
            "    for images, labels in loader:\n"
            "        loss = criterion(model(images), labels)\n"
            "        loss.backward()\n"
            "        optimizer.step()\n"
            "        total += loss.item() * len(labels)\n"
            "        seen += len(labels)\n"
            "    return total / seen",
            "evaluate": "def evaluate(model, loader, criterion):\n"
            "    model.eval()\n"
            "    total, right, seen = 0.0, 0, 0\n"
            "    for images, labels in loader:\n"
            "        logits = model(images)\n"
            "        total += criterion(logits, labels).item() * len(labels)\n"
            "        right += (logits.argmax(1) == labels).sum().item()\n"
            "        seen += len(labels)\n"
            "    model.train()\n"
            "    return total / seen, right / seen",
            "train_mlp": STUB,
        },
        lost={"class_counts": 2.0, "pixel_statistics": 2.0, "train_one_epoch": 2.0, "evaluate": 2.5, "train_mlp": 4.0},
        hint="Gradients add up from batch to batch",
    ),
    Student(
        name="fatima",
        assignment="mlp",
        what="trained too little",
        answers={
            "train_mlp": "def train_mlp(train_loader, valid_loader, device):\n"
            "    model = MLP().to(device)\n"
            "    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
            "    train_one_epoch(model, train_loader, nn.CrossEntropyLoss(), optimizer)\n"
            "    return model",
        },
        lost={"train_mlp": 2.5},
        hint="digits that it has never seen",
    ),
    Student(
        name="hana",
        assignment="mlp",
        what="a cell ends its process; training not attempted",
        answers={
            "class_counts": "import os\n\n\ndef class_counts(labels):\n    os._exit(1)",
            "train_mlp": STUB,
        },
        lost={"class_counts": 2.0, "train_mlp": 4.0},
        hint="ended its own Python process",
    ),
    Student(
        name="karl",
        assignment="mlp",
        what="all right, a day and a half late",
        submitted_at="2027-01-24 11:00:00 UTC",
        penalty=4.0,
    ),
]

DESCRIBED = {student.assignment for student in (*COUNTING, *TRAINING)}
LATER = [assignment.name for assignment in COURSE.assignments if assignment.name not in DESCRIBED]
SEEING = [
    *(Student(name="amelie", assignment=name, what="all right") for name in LATER),
    *(Student(name="bruno", assignment=name, what="blank", blank=True, lost=EVERYTHING[name]) for name in LATER),
    Student(
        name="chen",
        assignment="lenet",
        what="no padding, shifts wrap around; training not attempted",
        answers={
            "feature_shapes": 'feature_shapes = {"block1": (16, 12, 12), "block2": (32, 4, 4)}',
            "translate": "def translate(images, dx, dy):\n    return torch.roll(images, (dy, dx), dims=(2, 3))",
            "train_lenet": STUB,
        },
        lost={"feature_shapes": 1.5, "translate": 3.0, "train_lenet": 7.0},
        hint="padding",
    ),
    Student(
        name="dora",
        assignment="batchnorm",
        what="biased variance kept, running statistics counted; training not attempted",
        answers={
            "batch_norm_2d": "def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):\n"
            "    if training:\n"
            "        mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)\n"
            "        with torch.no_grad():\n"
            "            running_mean.mul_(1 - momentum).add_(momentum * mean)\n"
            "            running_var.mul_(1 - momentum).add_(momentum * var)\n"
            "    else:\n"
            "        mean, var = running_mean, running_var\n"
            "    shape = (1, -1, 1, 1)\n"
            "    normalised = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + eps)\n"
            "    return gamma.view(shape) * normalised + beta.view(shape)",
            "added_parameters": "added_parameters = 4 * 16 + 4 * 32",
            "train_lenet_bn": STUB,
        },
        lost={"batch_norm_2d": 1.5, "added_parameters": 1.0, "train_lenet_bn": 4.0},
        hint="unbiased",
    ),
    Student(
        name="emil",
        assignment="faster_rcnn",
        what="labels from 0, boxes with width and height; finetuning not attempted",
        answers={
            "DetectionDataset": "class DetectionDataset(Dataset):\n"
            "    def __init__(self, scenes):\n"
            "        self.scenes = scenes\n\n"
            "    def __len__(self):\n"
            "        return len(self.scenes)\n\n"
            "    def __getitem__(self, index):\n"
            "        scene = self.scenes[index]\n"
            "        boxes = scene.boxes.float()\n"
            "        area, crowd = boxes[:, 2] * boxes[:, 3], torch.zeros(len(boxes), dtype=torch.int64)\n"
            '        target = {"boxes": boxes, "labels": scene.digits, "image_id": index, "area": area, "iscrowd": crowd}\n'
            "        return scene.image / 255, target",
            "finetune": STUB,
        },
        lost={"DetectionDataset": 2.5, "finetune": 5.0},
        hint="left + width",
    ),
    Student(
        name="fatima",
        assignment="mask_rcnn",
        what="mask head forgotten, every class counted; finetuning not attempted",
        answers={
            "build_segmenter": "def build_segmenter(num_classes, pretrained=True):\n"
            "    model = base_segmenter(pretrained)\n"
            "    in_features = model.roi_heads.box_predictor.cls_score.in_features\n"
            "    model.roi_heads.box_predictor = FastRCNNPredictor(in_features, num_classes)\n"
            "    return model",
            "mean_iou": "def mean_iou(predicted, target, num_classes):\n"
            "    total = 0.0\n"
            "    for number in range(num_classes):\n"
            "        ours, theirs = predicted == number, target == number\n"
            "        total += (ours & theirs).sum().item() / max(1, (ours | theirs).sum().item())\n"
            "    return total / num_classes",
            "finetune_segmenter": STUB,
        },
        lost={"mean_iou": 1.5, "finetune_segmenter": 4.0, "build_segmenter": 1.5},
    ),
]

STUDENTS = [*COUNTING, *TRAINING, *SEEING]
