"""Forms of the settings «Услуги». The rules are those of the models; the actions check what a form cannot."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Branch, Member
from ringdesk.booking import lengths, photos
from ringdesk.booking.models import (
    MOST_PRICE,
    BookingSettings,
    Employee,
    JobTitle,
    Pool,
    Service,
    ServiceCategory,
)

_FIRST = {"data-autofocus": ""}
_STEPPER = {"data-stepper": "", "inputmode": "numeric"}
_SWITCH = {"class": "switch"}
DAY = 24 * 60


class MinutesField(forms.Field):
    """A length of time: 30 min, 2 h, 1 d; minutes in Python."""

    def __init__(self, *, most: int, least: int = 0, **options: Any) -> None:
        self.most, self.least = most, least
        options.setdefault("help_text", _("For example: 30 min, 2 h, 1 d."))
        super().__init__(widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 40}), **options)

    def to_python(self, value: Any) -> Any:
        if value is None or not str(value).strip():
            return None
        found = lengths.minutes(str(value)[:100])
        if found is None:
            raise ValidationError(_("This is not a length of time. Write it like 30 min, 2 h or 1 d."))
        if not self.least <= found <= self.most:
            bounds = {"least": lengths.written(self.least), "most": lengths.written(self.most)}
            raise ValidationError(_("From %(least)s to %(most)s."), params=bounds)
        return found

    def prepare_value(self, value: Any) -> Any:
        return lengths.written(value) if isinstance(value, int) else value


def _number(label: Any, least: int, most: int, **options: Any) -> forms.IntegerField:
    step = options.pop("step", 1)
    widget = forms.NumberInput(attrs=_STEPPER | {"step": step})
    return forms.IntegerField(label=label, min_value=least, max_value=most, widget=widget, **options)


def _minutes(label: Any, least: int = 0, **options: Any) -> forms.IntegerField:
    # The buttons go by 5; what was typed need not be a multiple of it.
    return _number(label, least, DAY, step=5, **options)


def _version() -> forms.IntegerField:
    return forms.IntegerField(required=False, widget=forms.HiddenInput())


class _OfBranch(forms.Form):
    """A form whose choices are those of a branch."""

    def __init__(self, *args: Any, branch: Branch, **options: Any) -> None:
        super().__init__(*args, **options)
        self.branch = branch

    def offer(self, field: str, rows: QuerySet[Any]) -> None:
        """Let the field choose among these."""
        chosen: Any = self.fields[field]
        chosen.queryset = rows

    def of_branch(self, model: type[Model]) -> QuerySet[Any]:
        """Return the branch's rows."""
        rows: QuerySet[Any] = model.objects.for_org(self.branch.organization_id)  # type: ignore[attr-defined]
        return rows.filter(branch=self.branch)


class GroupForm(forms.Form):
    """A category of services, or a job title."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs=_FIRST))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Clients and bots see it."),
    )  # fmt: skip
    version = _version()

    @staticmethod
    def initial_of(group: ServiceCategory | JobTitle) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {field: getattr(group, field) for field in ("name", "description", "version")}


class ServiceForm(_OfBranch):
    """A service."""

    title = forms.CharField(label=_("Title"), max_length=200, widget=forms.TextInput(attrs=_FIRST))
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=ServiceCategory.objects.none(), required=False, empty_label=_("No category")
    )
    price = forms.DecimalField(
        label=_("Price"), min_value=0, max_value=MOST_PRICE, decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )  # fmt: skip
    duration = _minutes(_("Duration, minutes"), least=5)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
    is_online = forms.BooleanField(
        label=_("Clients book it themselves"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH),
        help_text=_("On the booking page, by bots and assistants. Off: only staff."),
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("In use"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH))
    buffer_before = _minutes(_("Preparation, minutes"))
    buffer_after = _minutes(_("Tidying up, minutes"))
    capacity = _number(_("Clients at once"), 1, 500, help_text=_("More than one: a group or a class."))
    employees_needed = _number(_("Specialists at once"), 1, 10)
    pools = forms.ModelMultipleChoiceField(
        label=_("Needs one of each"), queryset=Pool.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    notice = MinutesField(label=_("Booked online at the latest before"), required=False, most=90 * DAY)
    horizon = _number(_("Booked online at most, days ahead"), 1, 730, required=False)
    version = _version()
    more = ("buffer_before", "buffer_after", "capacity", "employees_needed", "pools", "notice", "horizon")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("category", self.of_branch(ServiceCategory))
        self.offer("pools", self.of_branch(Pool))
        if not self.of_branch(Pool).exists():
            del self.fields["pools"]
        for name in ("notice", "horizon"):
            self.fields[name].widget.attrs["placeholder"] = _("As the branch")

    @staticmethod
    def initial_of(service: Service) -> dict[str, Any]:
        """Return what the form shows at first."""
        fields = ("title", "price", "duration", "description", "is_online", "is_active", "buffer_before",
                  "buffer_after", "capacity", "employees_needed", "notice", "horizon", "version")  # fmt: skip
        many = {"category": service.category_id, "pools": [pool.pk for pool in service.pools.all()]}
        return {field: getattr(service, field) for field in fields} | many

    @property
    def is_unusual(self) -> bool:
        """Tell whether something stands in the part that is folded away."""
        if self.is_bound:
            return any(self.errors.get(name) or self.data.get(name) not in _USUAL for name in self.more)
        return any(self.initial.get(name) not in (None, 0, 1, [], "") for name in self.more)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("capacity") or 1) > 1 and (cleaned.get("employees_needed") or 1) > 1:
            self.add_error("employees_needed", _("A group has one specialist."))
        return cleaned


_USUAL = (None, "", "0", "1")


class NewEmployeeForm(_OfBranch):
    """A new specialist: who, what they are, which services, and the hours of the branch to begin with."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=150, widget=forms.TextInput(attrs=_FIRST))
    job_title = forms.CharField(
        label=_("Job title"), required=False, max_length=120,
        widget=forms.TextInput(attrs={"list": "job-titles", "autocomplete": "off"}),
        help_text=_("A new one is added to the list."),
    )  # fmt: skip
    categories = forms.MultipleChoiceField(
        label=_("Provides the services of"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Single services, own prices and durations: afterwards on the specialist’s page."),
    )  # fmt: skip
    has_branch_hours = forms.BooleanField(
        label=_("Works while the branch is open"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH),
        help_text=_("Breaks and days off can be set in the schedule."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        services = self.of_branch(Service).filter(is_active=True)
        choices = [(str(row.pk), row.name) for row in self.of_branch(ServiceCategory) if row.services.exists()]
        if services.filter(category=None).exists():
            choices.append(("0", str(_("Services without a category")) if choices else str(_("All services"))))
        field: Any = self.fields["categories"]
        field.choices = choices
        self.initial.setdefault("categories", [id for id, _name in choices])
        if not choices:
            del self.fields["categories"]

    def service_ids(self) -> list[int]:
        """Return the services of the chosen categories."""
        chosen = [int(id) for id in self.cleaned_data.get("categories", [])]
        services = self.of_branch(Service).filter(is_active=True)
        found = services.filter(category__in=chosen)
        if 0 in chosen:
            found = found | services.filter(category=None)
        return list(found.values_list("pk", flat=True))


class EmployeeForm(_OfBranch):
    """A specialist."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=150)
    job_title = forms.ModelChoiceField(
        label=_("Job title"), queryset=JobTitle.objects.none(), required=False, empty_label=_("No job title")
    )
    member = forms.ModelChoiceField(
        label=_("Seat in Ringdesk"), queryset=Member.objects.none(), required=False, empty_label=_("None"),
        help_text=_("Whose own bookings they are when they sign in."),
    )  # fmt: skip
    information = forms.CharField(
        label=_("Information"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Clients and bots see it."),
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("In use"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH))
    photo = forms.FileField(
        label=_("Photo"), required=False, widget=forms.FileInput(attrs={"accept": photos.ACCEPTED}),
        help_text=_("JPEG, PNG or WebP, up to 10 MB. It is shown on the booking page."),
    )  # fmt: skip
    remove_photo = forms.BooleanField(label=_("Remove the photo"), required=False)
    version = _version()

    def __init__(self, *args: Any, employee: Employee, **options: Any) -> None:
        super().__init__(*args, branch=employee.branch, **options)
        members = Member.objects.for_org(employee.organization_id).filter(is_active=True)
        own = Member.objects.for_org(employee.organization_id).filter(pk=employee.member_id)
        self.offer("job_title", self.of_branch(JobTitle))
        self.offer("member", members | own)
        if not employee.photo:
            del self.fields["remove_photo"]

    @staticmethod
    def initial_of(employee: Employee) -> dict[str, Any]:
        """Return what the form shows at first."""
        fields = ("name", "information", "is_active", "version")
        related = {"job_title": employee.job_title_id, "member": employee.member_id}
        return {field: getattr(employee, field) for field in fields} | related


class PoolForm(forms.Form):
    """Rooms or devices of one kind; a new kind begins with so many of them."""

    name = forms.CharField(
        label=_("Kind"), max_length=120, widget=forms.TextInput(attrs=_FIRST),
        help_text=_("Massage rooms, laser devices. A service that needs the kind takes any free one of it."),
    )  # fmt: skip
    facilities = forms.CharField(
        label=_("Which there are, one a line"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_new:
            del self.fields["facilities"]

    def clean_facilities(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["facilities"].splitlines() if line.strip()]
        if not 1 <= len(names) <= 100:
            raise ValidationError(_("From 1 to 100 at once."))
        return names


class FacilityForm(forms.Form):
    """A room or a device."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs=_FIRST))
    is_active = forms.BooleanField(
        label=_("In use"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH),
        help_text=_("Off: nothing new is booked there. What is booked stays."),
    )  # fmt: skip


class SettingsForm(forms.Form):
    """How a branch takes bookings."""

    policy = forms.ChoiceField(
        label=_("Who gets a booking for any specialist"), choices=BookingSettings.Policy.choices,
        widget=forms.RadioSelect,
    )  # fmt: skip
    categories = forms.ChoiceField(
        label=_("What bots choose from first"), choices=BookingSettings.Categories.choices, widget=forms.RadioSelect
    )
    step = _minutes(_("Step of the offered times, minutes"), least=5)
    hold_minutes = MinutesField(
        label=_("How long a time is kept while a client decides"), least=1, most=DAY, required=True
    )
    notice = MinutesField(
        label=_("Booked online at the latest before"), most=90 * DAY, required=False,
        help_text=_("Empty: up to the last minute. For example: 30 min, 2 h, 1 d."),
    )  # fmt: skip
    horizon = _number(_("Booked online at most, days ahead"), 1, 730)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$", label=_("Currency"), max_length=3,
        error_messages={"invalid": _("A currency is three letters, like RUB.")},
        help_text=_("For new services."),
    )  # fmt: skip
    version = _version()

    @staticmethod
    def initial_of(settings: BookingSettings) -> dict[str, Any]:
        """Return what the form shows at first."""
        fields = ("policy", "categories", "step", "hold_minutes", "notice", "horizon", "currency", "version")
        return {field: getattr(settings, field) for field in fields} | {"notice": settings.notice or ""}

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean_notice(self) -> int:
        return self.cleaned_data["notice"] or 0
