from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ringdesk.accounts"

    def ready(self) -> None:
        from ringdesk.accounts import sign_out

        sign_out.connect()
