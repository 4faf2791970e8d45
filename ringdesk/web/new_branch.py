"""A new branch begins with a hall, tables and statuses, so that the first reservation needs no settings."""

from ringdesk.accounts.models import Branch, Module
from ringdesk.hall import demo


def furnish(sender: object, *, branch: Branch, **_more: object) -> None:
    """Hear accounts.signals.branch_created. The demo furnishes its own branches."""
    if branch.organization.has_module(Module.HALL) and not branch.organization.is_demo:
        demo.defaults(branch.organization, branch)
