from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "ringdesk.webhooks"

    def ready(self) -> None:
        from ringdesk.accounts import audit
        from ringdesk.webhooks import endpoints

        audit.register(endpoints.AUDITED)
