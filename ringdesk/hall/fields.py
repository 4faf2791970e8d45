"""A field of the card: ids of what is chosen."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ringdesk.core.asked import positive_id


class IdsField(forms.Field):
    """Ids of what is chosen: of checkboxes with one name; one value may hold several, as ``2,3``."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        parts = [part for each in value or [] for part in str(each).split(",") if part]
        ids = {positive_id(part) for part in parts}
        if None in ids:
            raise ValidationError(_("There is no such table in this branch."))
        return sorted(pk for pk in ids if pk is not None)
