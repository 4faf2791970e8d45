from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "ringdesk.telephony"

    def ready(self) -> None:
        from ringdesk.accounts import audit, named_calls
        from ringdesk.crm.signals import lead_converted, numbers_changed
        from ringdesk.telephony import dialing_keys, ignoring, linking, links, named, recordings

        audit.register(links.AUDITED)
        audit.register(dialing_keys.AUDITED)
        audit.register(recordings.AUDITED)
        audit.register(ignoring.AUDITED)
        named_calls.kept_by(named.is_there)
        numbers_changed.connect(linking.follow_numbers, dispatch_uid="telephony.linking")
        lead_converted.connect(linking.follow_conversion, dispatch_uid="telephony.conversion")
