"""Show what a batch found: the class report, for staff."""

from autograder.report.class_page import class_page

__all__ = ["class_page"]
