from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "ringdesk.booking"

    def ready(self) -> None:
        from ringdesk.booking import versions
        from ringdesk.scheduling.signals import schedule_changed

        schedule_changed.connect(versions.schedule_changed, dispatch_uid="booking.versions")
