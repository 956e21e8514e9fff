"""Pure: documents and collections -> HTML. Buttons carry `data-act`; `clickable` hands them on."""

from collections.abc import Collection as Some
from collections.abc import Sequence
from html import escape

from chatbot.ui.documents.render import counts, reason
from chatbot.ui.icons import icon
from chatbot.ui.parts.kinds import readable
from chatbot.ui.strings.words import Language, text
from retrieval.types import EVERYBODY, Collection, Document

USER = "user:"  # begins the owners who have signed in


def document_list(
    documents: Sequence[Document],
    unused: Some[str],
    opened: str | None,
    language: Language,
    *,
    chosen: Collection | None = None,
    own: Sequence[Collection] = (),
) -> str:
    """What is on the shelf: what may be used for questions, its state, and a button that opens it. `own` are the owner's collections."""
    title = escape(chosen.name if chosen else text("doc_list", language))
    if not documents:
        none = text("doc_none_here", language) if chosen else text("doc_none", language, kinds=readable(language))
        return f'<h3 class="by-list-head">{title}</h3><p class="by-empty">{escape(none)}</p>'
    usable = [d.id for d in documents if d.passages]
    act = "use_none" if any(id not in unused for id in usable) else "use_all"
    every = f'<button type="button" class="by-link" data-act="{act}">{escape(text(f"doc_{act}", language))}</button>'
    rows = "".join(_row(document, document.id not in unused, document.id == opened, language) for document in documents)
    head = f'<h3 class="by-list-head"><span>{title}</span>{every if len(usable) > 1 else ""}</h3>'
    menu = _menu(language, chosen, own)
    return f'<nav aria-label="{title}">{head}<ul class="by-docs">{rows}</ul>{menu}</nav>'


def _menu(language: Language, chosen: Collection | None, own: Sequence[Collection]) -> str:
    """One for all rows: page.js says which it was opened for, and asks twice before it removes. What others let one read stays
    as it is."""
    items = _item("only", "documents", text("doc_only", language))
    if chosen is None or chosen in own:
        items += _item("rename", "rename", text("doc_rename", language))
        items += _item("remove", "delete", text("doc_remove", language), sure=text("doc_remove_sure", language))
        places = [(one.id, text("doc_move", language, name=one.name)) for one in own if one != chosen]
        places += [("", text("doc_move_out", language))] if own else []
        items += "<hr>" if places else ""
        items += "".join(_item("move", "folder", words, to=id) for id, words in places)
    return _popover("doc_menu", items, language)


def _popover(label: str, items: str, language: Language) -> str:
    return f'<div class="by-menu" popover role="menu" aria-label="{escape(text(label, language))}">{items}</div>'


def _item(act: str, drawn: str, words: str, **data: str) -> str:
    more = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return f'<button type="button" role="menuitem" data-act="{act}"{more}>{icon(drawn)}<span>{escape(words)}</span></button>'


def _row(document: Document, used: bool, opened: bool, language: Language) -> str:
    name, id = escape(document.name), escape(document.id)
    label = escape(text("doc_use", language, name=document.name))
    checked = "true" if used else "false"
    box = (
        f'<button type="button" class="by-check" role="checkbox" aria-checked="{checked}" aria-label="{label}" '
        f'title="{label}" data-act="use" data-id="{id}"></button>'
        if document.passages
        else '<span class="by-check-none" aria-hidden="true"></span>'
    )
    state = escape(text(document.status, language))
    detail = escape(counts(document, language)) if document.passages else escape(reason(document, language))
    mark = "" if document.status == "indexed" else f'<b class="by-doc-state by-{document.status}">{state}</b> '
    current = ' aria-current="true"' if opened else ""
    return (
        f'<li>{box}<button type="button" class="by-doc" data-act="open" data-id="{id}"{current}>'
        f"<span>{name}</span><small>{mark}{detail}</small></button>{_dots(document.id, document.name)}</li>"
    )


def _dots(id: str, name: str) -> str:
    return (
        f'<button type="button" class="by-dots" data-menu="{escape(id)}" aria-haspopup="menu" '
        f'aria-label="… {escape(name)}">⋯</button>'
    )


def collections(
    known: Sequence[Collection],
    count: int,
    chosen: Collection | None,
    language: Language,
    *,
    owner: str,
    signs_in: bool,
) -> str:
    """What may stand on the shelf: all `count` documents of the owner's, or a collection; and a way to make one."""
    if not (known or count):
        return ""
    every = _choice("", text("col_all", language), count, chosen is None)
    rows = "".join(_collection(one, chosen, owner, language) for one in known)
    new = escape(text("col_new", language))
    make = f'<button type="button" class="by-link by-new" data-new="collect"><span>{new}</span></button>'
    items = _item("rename", "rename", text("doc_rename", language))
    items += _item("share", "share", text("col_share", language)) if signs_in else ""
    items += _item("remove", "delete", text("col_remove", language), sure=text("col_remove_sure", language))
    label = escape(text("col_label", language))
    return (
        f'<nav aria-label="{label}"><ul class="by-collections">{f"<li>{every}</li>" if known else ""}{rows}</ul>{make}'
        f"{_popover('col_menu', items, language)}</nav>"
    )


def _collection(one: Collection, chosen: Collection | None, owner: str, language: Language) -> str:
    mine = one.owner == owner
    shared = text("col_shared", language) if one.readers else ""
    whose = shared if mine else text("col_of", language, name=one.owner.removeprefix(USER))
    row = _choice(one.id, one.name, one.documents, chosen is not None and chosen.id == one.id, whose)
    return f"<li>{row}{_dots(one.id, one.name) if mine else ''}</li>"


def _choice(id: str, name: str, count: int, current: bool, whose: str = "") -> str:
    here = ' aria-current="true"' if current else ""
    below = f'<small class="by-whose">{escape(whose)}</small>' if whose else ""
    return (
        f'<button type="button" class="by-collection" data-act="choose" data-id="{escape(id)}"{here}>'
        f"{icon('folder')}<span>{escape(name)}</span><small>{count}</small>{below}</button>"
    )


def heading(name: str) -> str:
    return f'<h3 class="by-list-head">{escape(name)}</h3>'


def readers(one: Collection) -> tuple[str, str]:
    """With whom it is shared, as the panel has it: "nobody", "everybody" or "named", and the names."""
    if EVERYBODY in one.readers:
        return "everybody", ""
    names = ", ".join(reader.removeprefix(USER) for reader in one.readers)
    return ("named" if names else "nobody"), names
