"""What people fill in. The rules are those of the actions; a form shows them beside the field."""

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms

from ringdesk.core.problems import Conflict, Invalid


@contextmanager
def told_beside(*filled: forms.BaseForm) -> Iterator[None]:
    """Show what the action refuses beside its field, or above the last of these forms when none has that field."""
    try:
        yield
    except (Invalid, Conflict) as problem:
        own = [form for form in filled if problem.field in form.fields]
        if own:
            own[0].add_error(problem.field, str(problem.message))
        else:
            filled[-1].add_error(None, str(problem.message))


def are_refused(*filled: forms.BaseForm) -> bool:
    """Tell whether one of the forms comes back with errors."""
    return any(form.is_bound and form.errors for form in filled)
