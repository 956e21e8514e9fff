"""Texts that show what the sentiment tab is for, each with its labels, as they are in every language of the page."""

EXAMPLES: dict[str, tuple[str, str]] = {
    "review": (
        "The acting is wonderful and the music even better, but the plot drags and the ending made me want my money back.",
        "",
    ),
    "spam": (
        "Congratulations! You have been selected to win a free phone. Click the link below and enter your card number.",
        "spam: advertising or fraud that nobody asked for\nnot spam: an ordinary message",
    ),
    "desk": (
        "I was charged twice for the same order last week and would like to have one of the payments back.",
        "billing: payments, invoices and refunds\ntechnical: something does not work\nsales: questions before buying",
    ),
}
