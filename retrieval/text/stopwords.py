"""Words that carry grammar, not content. Negations are left out: `negation.py` knows them."""

_ENGLISH = """a an the and or but if then than as at by for from in into of on onto to with about over under between
during through per via is are was were be been being am 's has have had having do does did doing will would shall
should can could may might must it its he she they them their theirs his her hers him we us our you your i me my this
that these those there here which who whom whose what when where why how many much also only just so such some any
all both each every other another same own very more most up out off again once while because until upon s t re ve ll
d m it's he's she's that's there's after before according said says known called name named one ones"""
_GERMAN = """der die das den dem des ein eine einen einem einer eines und oder aber als am an auf aus bei bis durch für
gegen im in ins mit nach seit über um unter von vom vor während wegen zu zum zur ist sind war waren sein wurde wurden
werden wird worden hat haben hatte hatten er sie es ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner sich
wir uns dass daß die welche welcher welches wer wen wem was wann wo warum wie viele auch nur so dieser diese dieses
diesem diesen jener man noch dann wenn weil"""
_SPANISH = """el la los las un una unos unas y e o u de del al a en con por para sin sobre entre hasta desde que qué
quién quiénes cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas es son era eran fue fueron ser sido está
están estaba ha han había su sus se lo le les él ella ellos ellas este esta estos estas ese esa como más también muy
ya si cuando donde porque"""
_ROMANIAN = """un o al a ai ale cu de din la în pe pentru prin și sau dar este sunt era erau fost fi fiind a au avea
avut care ce cine când unde cum cât câți câte se își lui ei lor el ea acest această aceste acești mai foarte după între
să că ca de-a lungul"""
_TURKISH = """ve veya ile bir bu şu o için de da ki mi mı mu mü ne kim nerede zaman nasıl kaç hangi daha en çok gibi
kadar olarak olan oldu olduğu ise sonra önce"""
_VIETNAMESE = """và hoặc của các những một là được đã đang sẽ có cho với trong ngoài trên dưới vào ra từ đến bởi để
này đó kia gì ai khi nào đâu bao nhiêu như thế nào rất cũng mà thì ở tại về"""
_RUSSIAN = """и или а но в во на с со к ко по о об от до из за для при у над под между что кто когда где как сколько
какой какая какое какие который которая которые это этот эта эти был была было были есть быть является он она оно они
его её ее их им свой свои же ли бы также так"""
_GREEK = """ο η το οι τα του της των τον την τους τις και ή με σε από για ως στο στη στην στον στα στους στις που πού
τι ποιος ποια ποιο ποιοι ποιες πότε πώς πόσο πόσα πόσοι πόσες είναι ήταν έχει έχουν είχε ένα ένας μια μία αυτό αυτή
αυτός αυτά να θα"""
_ARABIC = """في من إلى على عن مع و أو ثم أن إن كان كانت يكون هو هي هم هذا هذه ذلك تلك التي الذي الذين ما ماذا متى أين
كيف كم أي قد بين بعد قبل حيث كما عند"""
_HINDI = """का के की को में से पर और या है हैं था थे थी हो गया गई गए कर किया ने यह वह ये वे इस उस जो क्या कौन कब कहाँ
कहां कैसे कितने कितना कितनी किस किसने लिए साथ एक भी तो तक द्वारा रूप"""

STOPWORDS = {
    "english": frozenset(_ENGLISH.split()),
    "german": frozenset(_GERMAN.split()),
    "spanish": frozenset(_SPANISH.split()),
    "romanian": frozenset(_ROMANIAN.split()),
    "turkish": frozenset(_TURKISH.split()),
    "vietnamese": frozenset(_VIETNAMESE.split()),
    "russian": frozenset(_RUSSIAN.split()),
    "greek": frozenset(_GREEK.split()),
    "arabic": frozenset(_ARABIC.split()),
    "hindi": frozenset(_HINDI.split()),
}
"""By the name that Snowball gives the language; Vietnamese has no stemmer."""

CODES = dict(zip(STOPWORDS, ("en", "de", "es", "ro", "tr", "vi", "ru", "el", "ar", "hi"), strict=True))
"""ISO 639-1, by the same names."""

FUNCTION_CHARACTERS = frozenset(
    "的了是在和与與及或之其于於也就都而被把将將以为為有着著到从從向由对對但并並這这那哪吗嗎呢吧么麼"
)
"""Chinese characters that mostly carry grammar."""
