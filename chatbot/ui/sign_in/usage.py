"""What one person keeps here, as the quotas count it."""

from dataclasses import dataclass

from chatbot.ui.services import OPENING, Services


@dataclass(frozen=True, slots=True)
class Usage:
    """`megabytes` are those of the documents; `jobs` fine-tunes, whatever became of them."""

    conversations: int
    documents: int
    megabytes: float
    adapters: int
    jobs: int


def usage(services: Services, owner: str) -> Usage:
    """Raises `LibraryOpening` while that is."""
    documents = services.library.get(OPENING).library.list(owner) if services.library else []
    kept = [document for document in documents if document.owner == owner and document.status != "rejected"]
    present = services.engine.present
    return Usage(
        services.store.count(owner),
        len(kept),
        sum(document.size for document in kept) / 2**20,
        sum(adapter.by == owner for adapter in present.adapters()) if present else 0,
        sum(job.own for job in services.training.jobs.of(owner)) if services.training else 0,
    )
