"""Name the walls between student code and the rest, and say which of them one can do without."""

from enum import StrEnum

__all__ = ["OPTIONAL", "Layer"]


class Layer(StrEnum):
    """Name one wall between student code and the rest."""

    MOUNT = "mount namespace"
    PID = "pid namespace"
    NETWORK = "network namespace"
    IPC = "ipc namespace"
    UTS = "uts namespace"
    CGROUP = "cgroup namespace"
    USER_ID = "user of its own"
    USER = "user namespace"
    PRIVILEGES = "no privileges"
    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


OPTIONAL = frozenset({Layer.LANDLOCK, Layer.USER, Layer.UTS, Layer.CGROUP})
"""Second walls: what they keep out, another layer keeps out too."""
