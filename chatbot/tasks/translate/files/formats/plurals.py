"""How many plural forms a language has for gettext, and which one a count takes (Plural-Forms of its manual, section 11.2.6)."""

from chatbot.tasks.language import primary

_TWO = "nplurals=2; plural=(n != 1);"
_SLAVIC = "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
_OTHERS = {
    "id ja ko ms th vi zh": "nplurals=1; plural=0;",
    "fa fr hi tr": "nplurals=2; plural=(n > 1);",
    "be ru sr uk hr bs": f"nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : {_SLAVIC}",
    "cs sk": "nplurals=3; plural=(n==1 ? 0 : n>=2 && n<=4 ? 1 : 2);",
    "pl": f"nplurals=3; plural=(n==1 ? 0 : {_SLAVIC}",
    "lt": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "lv": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);",
    "ro": "nplurals=3; plural=(n==1 ? 0 : n==0 || (n%100>0 && n%100<20) ? 1 : 2);",
    "sl": "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
_FORMS = {code: forms for codes, forms in _OTHERS.items() for code in codes.split()}


def plural_forms(code: str) -> str:
    """The header of a catalogue in that language; that of English, as most languages have it, where nothing else is known."""
    return _FORMS.get(primary(code), _TWO)
