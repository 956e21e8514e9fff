"""What no writer leaves unnamed: what such fields are called, and by which words a text names their values, in English, Chinese,
German, French and Spanish."""

import re
from dataclasses import dataclass
from functools import lru_cache

from chatbot.tasks.extract.fields import Field

_ANY = ("text", "list", "number", "date", "money")
_NOWHERE = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Concept:
    """`called` is found in a field's name; a `cue` names its value in the same sentence, `but` is what only looks like one; what
    stands right `before` or `behind` a value says it as well. `kinds` are those of the fields."""

    kinds: tuple[str, ...]
    called: re.Pattern[str]
    cue: re.Pattern[str]
    before: re.Pattern[str] = _NOWHERE
    behind: re.Pattern[str] = _NOWHERE
    but: re.Pattern[str] = _NOWHERE
    claims: bool = False  # whether its value is that of no field which is called otherwise
    free: bool = False  # whether it may go unnamed, where nothing else is named


def _concept(
    kinds: tuple[str, ...],
    called: str,
    cue: str = "",
    before: str = "",
    behind: str = "",
    but: str = "",
    claims: bool = False,
    free: bool = False,
) -> Concept:
    def found(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE) if pattern else _NOWHERE

    ahead = found(rf"(?:{before})\s*\Z" if before else "")
    after = found(rf"\A\s*(?:{behind})" if behind else "")
    cues = found(f"{called}|{cue}" if cue else called)
    return Concept(kinds, found(called), cues, ahead, after, found(but), claims, free)


CONCEPTS: tuple[Concept, ...] = (
    _concept(  # the period of notice
        _ANY,
        r"\bnotice\b|通知期|提前通知|kündigungsfrist|préavis|preaviso",
        r"\bnotif\w+|通知|提前|告知|kündig\w+",
    ),
    _concept(  # until when something is to be paid or done
        ("date",),
        r"\bdue\b|\bdeadline\b|\brepay\w*|还款|\bpayable\b|\bpay(?:ment)? (?:by|until)\b|\bfinish by\b|付款期限|付款截止|到期|截止|\A期限\Z|最晚|fällig\w*|frist\b|échéance|vencimiento|fecha límite",
        r"no later than|at the latest|期限|务必|spätestens|au plus tard",
        r"\b(?:by|before|until|till|bis|bis zum|avant le|antes del?|hasta el)(?:\s(?:the|end of|noon|close of business|on|\w+day,?))*|不晚于|不迟于|截至",
        "之前|以前|前|内|止",
    ),
    _concept(  # the end of a time
        ("date",),
        r"\bend(?:s|ing|ed)?\b|\bexpir\w*|\bvalid (?:until|to|through)\b|结束|终止|届满|有效期至|\bende\b|\bfin\b",
        r"\buntil\b|\bthrough\b|\bcloses?\b|\bclosing\b|\bterminat\w+|截止|到期|闭幕|endet",
        r"\b(?:to|until|till|through|bis|bis zum|au|hasta|hasta el|al)|[-–—~～至到]",
        "止|为止",
    ),
    _concept(  # the beginning of one
        ("date",),
        r"\bstart\w*|\bbeg[iau]n\w*|\bcommenc\w+|\beffective\b|开始|起始|生效|入职|开工|beginn?\b|début|inicio|comienzo",
        r"\bopens?\b|\bas of\b|开业|开幕|开课|启用",
        r"\b(?:from|since|as of|starting|ab|dès|desde(?: el)?)|自|从",
        r"起|onwards?\b",
        free=True,
    ),
    _concept(
        ("date",),
        r"\bborn\b|\bbirth\w*|\bd\.?o\.?b\b|出生|生日|geburt\w*|geboren|naissance|nacimiento",
        r"(?<!\w)\*|生于|\bnée?\b|\bnacid[oa]\b",
        before=r"\bb\.|\bgeb\.",
        behind=r"出?生|[-–—]\s?[^()（）\n]{2,20}[)）]",  # (1841–1902)
        claims=True,
    ),
    _concept(
        ("date",),
        r"\bdeliver\w*|\bshipping date\b|\bship(?:ped|s)? (?:date|on)\b|交货|送货|发货|到货|交付|liefer\w*|livraison|entrega",
        r"\bship\w*|\barriv\w+|\bdispatch\w*|\bsent\b|\breach\w*|\bparcels?\b|\bpackage\b|送达|包裹|livr\w+|entreg\w+",
    ),
    _concept(  # when somebody comes again
        ("date",),
        r"\bnext\b|\bfollow-?up\b|\breturn\w*|复诊|复查|下次|返程|回程|归还",
        r"\bagain\b|\bcomes? back\b|\bback on\b|\bcheck-?up\b|再来|再次",
    ),
    _concept(
        ("money", "number"),
        r"\b(?:sales )?tax(?:es)?\b(?!\s*(?:id|no|nr|number|code|rate|office))|\bvat\b(?!\s*(?:id|no|nr|number|rate))|\bgst\b|(?<![含价纳])税(?![号务率前后])|"
        r"\bmwst\b|\bust\b|umsatzsteuer|mehrwertsteuer|\btva\b|\biva\b",
        but=r"(?:\b(?:incl|excl)\w*\.?|\b(?:before|after|without|net of|plus|ohne|hors|sin)|in[ck]l\.)\s+(?:of\s+)?(?:\d+\s?%\s*)?(?:vat|tax\w*|mwst|ust|iva|tva)\b|"
        r"\b(?:vat|tax|ust|mwst)\W{0,3}(?:id\w*|no|nr|number|reg\w*|code|office)\b",
        claims=True,
    ),
    _concept(
        ("money", "number"),
        r"\bdiscount\w*|\brebate\b|\bmarkdown\b|折扣|优惠|减免|rabatt\w*|nachlass|remise|descuento",
        r"\bless\b|\bminus\b|\bcoupon\b|\bvoucher\b|券|\breduc\w+|\boff\b|\bsav(?:e|ed|ings?)\b|skonto|打折|[一二三四五六七八九\d]折|立减|让利|抵扣",
        claims=True,
    ),
    _concept(
        ("money",),
        r"\bdeposit\w*|\bdown ?payment\b|\badvance\b|\bsecurity bond\b|押金|保证金|定金|订金|kaution\w*|anzahlung|\bcaution\b|acompte|fianza|depósito",
        claims=True,
    ),
    _concept(
        ("money",),
        r"\bshipping\b|\bpostage\b|\bfreight\b|\bdelivery\b|运费|邮费|快递费|配送费|versand\w*|frais de port|gastos de envío",
        r"\bcarriage\b|\bp ?& ?p\b|\bcourier\b|liefer\w*|livraison|\benvío\b|transporte",
        claims=True,
    ),
    _concept(("money",), r"\btips?\b|\bgratuity\b|小费|trinkgeld|pourboire|propina", claims=True),
    _concept(
        ("money",),
        r"\bpenalt\w+|\blate (?:fee|charge)s?\b|\bfines?\b|违约金|滞纳金|罚款|罚金|vertragsstrafe|pénalité|\bmulta\b",
        claims=True,
    ),
    _concept(
        ("money",),
        r"\bsub-?\s?total\b|\bnet (?:amount|total|price|sum|value)\b|小计|净额|zwischensumme|\bnetto\w*|sous-total",
        r"\bnet\b|\bbefore (?:tax|vat)\b|\bexcl\w*|不含税|税前|hors taxes?",
    ),
    _concept(
        ("money",),
        r"\bsalar\w+|\bwages?\b|\bhourly pay\b|薪|工资|gehalt|\blohn\b|salaire|sueldo",
        r"\bpay\b|\bpays\b|\bpaid\b|\bearn\w*|\b(?:per|an?) (?:hour|year|month|annum)\b|\bp\. ?a\.|月入|年收入",
    ),
    _concept(_ANY, r"\bwarrant\w+|\bguarantee\w*|保修|质保|garantie|garantía"),
)


@lru_cache(256)
def of(field: Field) -> Concept | None:
    """What the field stands for, if it is something that is named; the first that fits."""
    fitting = (one for one in CONCEPTS if field.kind in one.kinds)
    return next((one for one in fitting if one.called.search(field.name)), None)
