from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "ringdesk.booking"

    def ready(self) -> None:
        from ringdesk.booking import messages, versions, waiting
        from ringdesk.booking.signals import booking_changed
        from ringdesk.scheduling.signals import schedule_changed

        schedule_changed.connect(versions.schedule_changed, dispatch_uid="booking.versions")
        schedule_changed.connect(waiting.follow_schedule, dispatch_uid="booking.waiting")
        booking_changed.connect(waiting.follow_booking, dispatch_uid="booking.waiting")
        booking_changed.connect(messages.follow, dispatch_uid="booking.messages")
