"""allauth's questions about our accounts."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """Nobody signs up by themselves: a seat is given by set-up or by an invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
