"""Background jobs of this room."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from ringdesk.accounts import idempotency, invitations, mail
from ringdesk.accounts.models import Invitation
from ringdesk.accounts.oauth import applications


@app.task(retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def send_invitation(invitation_id: int, base_url: str) -> None:
    """Mail an invitation that is still pending. Repeated when the mail server does not take it."""
    invitation = Invitation.objects.select_related("organization", "invited_by").filter(pk=invitation_id).first()
    if invitation is not None and invitations.is_pending(invitation):
        mail.send_invitation(invitation, base_url)


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="forget_idempotent_answers", pass_context=False)
def forget_idempotent_answers(timestamp: int) -> None:
    """Forget the answers to POSTs that were kept for a day."""
    idempotency.forget_old()


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="forget_programs", pass_context=False)
def forget_programs(timestamp: int) -> None:
    """Forget tokens of programs that ended long ago, and programs that nobody has let in."""
    applications.forget_expired()
    applications.forget_unused()
