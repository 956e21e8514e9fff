"""What tells files and models apart: digests of their bytes."""

import hashlib
from pathlib import Path


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint_model(folder: Path) -> str:
    """What tells base models apart: SHA-256 over their weights, in the order of the files' names. The config is left out:
    every version of transformers writes it otherwise."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(bytes.fromhex(fingerprint(path)))
    return digest.hexdigest()
