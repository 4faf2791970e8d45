"""How every form of the product is drawn."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Draws forms and fields by web/templates/django/forms/, so that ``{{ form }}`` looks like the rest."""

    form_template_name = "django/forms/div.html"
    field_template_name = "django/forms/field.html"
