"""State what one student's process may use: some limits it sets on itself, the others are watched from outside."""

import json
from dataclasses import asdict, dataclass

__all__ = ["ProcessLimits"]


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """Limits of the student process. It sets those marked (itself) on itself, the others are watched from outside."""

    memory_bytes: int
    """Memory of the process and its descendants, what they share with others in proportion."""
    output_bytes: int
    """Printed text that is kept."""
    frame_bytes: int
    """The largest single message."""
    cpu_seconds: int
    """(itself) CPU time of one process."""
    file_bytes: int
    """(itself) The largest file."""
    open_files: int
    """(itself) Descriptors of one process."""
    processes: int
    """(itself) Processes and threads together."""
    disk_bytes: int
    """(itself) Each of the file systems that it may write to: working folder, /tmp, /dev/shm."""
    core: int | None = None
    """(itself) The processor that it computes on; None: any."""

    def to_json(self) -> str:
        """Return the limits as they travel to the student process."""
        return json.dumps(asdict(self))
