from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "ringdesk.web"

    def ready(self) -> None:
        # Where two rooms meet that do not know each other.
        from ringdesk.accounts.signals import branch_created
        from ringdesk.booking.signals import booking_changed
        from ringdesk.hall.signals import reservation_booked
        from ringdesk.web import new_branch, screen_pop

        reservation_booked.connect(screen_pop.close_for_reservation, dispatch_uid="web.screen_pop")
        booking_changed.connect(screen_pop.close_for_booking, dispatch_uid="web.screen_pop_booking")
        branch_created.connect(new_branch.furnish, dispatch_uid="web.new_branch")
