"""Pages -> passages."""

from retrieval.sentences import sentences

__all__ = ["sentences"]
