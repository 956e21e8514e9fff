"""Parts that somebody plays in a text, and the labels by which it says so: who stands behind "Seller:" is not the customer."""

import re

from chatbot.tasks.extract.fields import Field
from chatbot.tasks.extract.span import Span

_ROLES = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"\b(?:seller|vendor|supplier|sold by|issued by)\b|销售方|销货|卖方|供应商|供货|verkäufer|lieferant|vendeur|vendedor",
        r"\b(?:buyer|customer|client|bill(?:ed)? to|sold to|invoice to|purchaser)\b|购买方|购货|买方|客户|käufer|kunde|acheteur|cliente?\b|comprador",
        r"\b(?:landlord|lessor)\b|出租|vermieter|bailleur|arrendador",
        r"\b(?:tenant|lessee)\b|承租|(?<!ver)mieter|locataire|arrendatario",
        r"\b(?:lender|creditor)\b|出借|贷款人|债权",
        r"\b(?:borrower|debtor)\b|借款人|债务",
        r"\b(?:employer)\b|用人单位|雇主|arbeitgeber|employeur|empleador",
        r"\b(?:employee)\b|劳动者|雇员|员工|arbeitnehmer|salarié|empleado",
        r"\b(?:sender|shipper|consignor)\b|寄件|发货人|托运|absender|expéditeur|remitente",
        r"\b(?:recipient|consignee|ship to|deliver to)\b|收件|收货|empfänger|destinataire|destinatario",
        r"\b(?:payee|cashier)\b|收款人|开票人|复核|制单",
        r"\b(?:contact)\b|联系人|ansprechpartner|contacto?\b",
        r"\b(?:organi[sz]ers?|hosts?|host)\b|主办|承办|veranstalter|organisateur|organizador",
        r"\b(?:author|written by)\b|作者|撰稿|autor\b|auteur",
        r"\b(?:witness)\b|证人|见证|zeuge|témoin|testigo",
    )
)
_LABEL = re.compile(r"(?:^|\n|[;；|\t]| {2,})[^\S\n]*([^\n:：;；|\t]{1,40})[:：]\s*\Z")


def plays_another(field: Field, text: str, span: Span) -> bool:
    """Whether the label right before the value names a part that is not the field's, though the field names one."""
    label = _LABEL.search(text[max(0, span.start - 60) : span.start])
    if field.kind not in ("text", "list") or label is None:
        return False
    own = {n for n, role in enumerate(_ROLES) if role.search(field.name)}
    said = {n for n, role in enumerate(_ROLES) if role.search(label[1])}
    return bool(own and said and not own & said)
