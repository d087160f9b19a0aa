"""The course in one screen. What each field means, and its unit, stands in autograder/course.py."""

from datetime import datetime
from zoneinfo import ZoneInfo

from autograder.course import Assignment, Budget, Course, Dataset, LatePolicy

BERLIN = ZoneInfo("Europe/Berlin")
TRAINING = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
HIDDEN = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

course = Course(
    name="Image Classification and Object Detection with CNNs",
    late_policy=LatePolicy(grace_minutes=15, penalty_per_day=0.10, max_penalty=0.50),
    libraries=["torch", "torchvision", "PIL", "matplotlib"],
    offered=["tqdm", "pandas", "sklearn", "seaborn", "torchinfo", "einops", "torchmetrics"],
    datasets=[
        Dataset(
            name="mnist",
            folder="MNIST/raw",
            files=TRAINING,
            hidden_files=HIDDEN,
            made_from=[f"{name}.gz" for name in (*TRAINING, *HIDDEN)],
            prepare="autograder.mnist:unpack",
            loaders={"training_digits": "autograder.mnist:training_digits"},
            hidden_loaders={"hidden_digits": "autograder.mnist:hidden_digits"},
        ),
    ],
    assignments=[
        Assignment(
            name="parameter_counting",
            title="How many trainable parameters?",
            points=10,
            due=datetime(2027, 1, 15, 23, 59, tzinfo=BERLIN),
            budget=Budget(cell_seconds=10, notebook_seconds=30, check_seconds=10, total_seconds=120, memory_mb=2048),
        ),
        Assignment(
            name="mlp",
            title="Explore MNIST; train a multi-layer perceptron",
            points=20,
            due=datetime(2027, 1, 22, 23, 59, tzinfo=BERLIN),
            budget=Budget(cell_seconds=30, notebook_seconds=60, check_seconds=20, total_seconds=300, memory_mb=4096),
        ),
        Assignment(
            name="lenet",
            title="A convolutional network: LeNet",
            points=20,
            due=datetime(2027, 1, 29, 23, 59, tzinfo=BERLIN),
            budget=Budget(cell_seconds=30, notebook_seconds=60, check_seconds=20, total_seconds=400, memory_mb=4096),
        ),
        Assignment(
            name="batchnorm",
            title="Regularise it: batch normalisation",
            points=15,
            due=datetime(2027, 2, 5, 23, 59, tzinfo=BERLIN),
            budget=Budget(cell_seconds=30, notebook_seconds=60, check_seconds=20, total_seconds=400, memory_mb=4096),
        ),
        Assignment(
            name="faster_rcnn",
            title="Finetune an object detector",
            points=20,
            due=datetime(2027, 2, 19, 23, 59, tzinfo=BERLIN),
            part=2,
            optional=True,
            budget=Budget(cell_seconds=60, notebook_seconds=120, check_seconds=30, total_seconds=900, memory_mb=4096),
        ),
        Assignment(
            name="mask_rcnn",
            title="Finetune Mask R-CNN; from instances to semantic segmentation",
            points=15,
            due=datetime(2027, 3, 5, 23, 59, tzinfo=BERLIN),
            part=2,
            optional=True,
            budget=Budget(cell_seconds=60, notebook_seconds=120, check_seconds=30, total_seconds=900, memory_mb=4096),
        ),
    ],
)
