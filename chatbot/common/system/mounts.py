"""Where a folder's bytes lie."""

from pathlib import Path

import psutil


def is_bucket(folder: Path) -> bool:
    """Whether a program mounts the disk of the folder (FUSE), as it does storage buckets: what is written there is kept later or
    not at all, and locks hold nobody off, so that a database does not belong there. Only looks at the list of what is mounted:
    such a disk may not answer."""
    place = folder.absolute()
    around = [one for one in psutil.disk_partitions(all=True) if place.is_relative_to(one.mountpoint)]
    nearest = max(around, key=lambda one: len(one.mountpoint), default=None)
    return nearest is not None and nearest.fstype.startswith("fuse")
