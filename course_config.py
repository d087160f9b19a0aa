"""The course in one screen. What each field means, and its unit, stands in autograder/course.py."""

from datetime import datetime
from zoneinfo import ZoneInfo

from autograder.course import Assignment, Budget, Course, LatePolicy

BERLIN = ZoneInfo("Europe/Berlin")

course = Course(
    name="Image Classification and Object Detection with CNNs",
    late_policy=LatePolicy(grace_minutes=15, penalty_per_day=0.10, max_penalty=0.50),
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
    ],
)
