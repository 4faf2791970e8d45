from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony.connectors.mango.names import LONGEST, latin, shown


@given(st.text(), st.booleans())
def test_a_name_always_fits_and_is_cut_between_characters(name: str, transliterate: bool) -> None:
    text = shown(name, transliterate=transliterate)
    assert len(text.encode()) <= LONGEST
    assert text.isprintable() and '"' not in text and text == text.strip()


def test_russian_names() -> None:
    assert shown("Щукина Юлия Объёмовна", transliterate=True) == "Shchukina Yuliya Obyomovna"
    assert shown("  Анна\r\nКим ", transliterate=False) == "Анна Ким"
    assert shown("я" * 40, transliterate=False) == "я" * 32
    assert shown("a" + "я" * 40, transliterate=False) == "a" + "я" * 31
    assert latin("Kafé №5") == "Kafé №5"
