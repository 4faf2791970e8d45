"""Sums as people read them."""

from decimal import Decimal

from django.utils.formats import number_format

SYMBOLS = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br", "UAH": "₴", "GBP": "£"}


def money(amount: Decimal, currency: str) -> str:
    """Return a sum with its currency: 1 500 ₽; hundredths only where there are any."""
    places = 0 if amount == amount.to_integral_value() else 2
    number = number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    return f"{number} {SYMBOLS.get(currency, currency)}"
