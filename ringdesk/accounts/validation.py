"""A model's own rules, told as an error of the domain."""

from django.core.exceptions import ValidationError
from django.db.models import Model

from ringdesk.core.problems import Invalid


def validate(instance: Model, *fields: str) -> None:
    """Raise Invalid with the first of these fields that the model refuses."""
    others = {field.name for field in instance._meta.fields} - set(fields)
    try:
        instance.clean_fields(exclude=others)
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        raise Invalid(texts[0], field=field) from error
