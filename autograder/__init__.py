"""Write, release and batch-grade notebook assignments."""

__version__ = "0.1.0"

__all__ = ["__version__"]
