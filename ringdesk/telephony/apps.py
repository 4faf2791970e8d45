from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "ringdesk.telephony"

    def ready(self) -> None:
        from ringdesk.accounts import audit
        from ringdesk.crm.signals import numbers_changed
        from ringdesk.telephony import linking, links

        audit.register(links.AUDITED)
        numbers_changed.connect(linking.follow_numbers, dispatch_uid="telephony.linking")
