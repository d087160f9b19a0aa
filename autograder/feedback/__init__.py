"""Tell each student how their submission was graded, as a page, as text and as data."""

from autograder.feedback.feedback import Feedback, Graded, gather

__all__ = ["Feedback", "Graded", "gather"]
