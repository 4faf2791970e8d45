"""Django admin, for the platform's own staff: to look, and to change the few things that are the platform's."""

from typing import ClassVar

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from ringdesk.accounts import members, revocation
from ringdesk.accounts.models import ApiToken, AuditEntry, Branch, Invitation, Member, Organization, User

# The site's own form knows neither the pause after wrong passwords nor the second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Ringdesk"


class ReadMostly(admin.ModelAdmin):  # type: ignore[type-arg]  # for whatever model it shows
    """Nothing is added or deleted here, and only ``changeable`` is changed: organizations do that themselves."""

    changeable: ClassVar[tuple[str, ...]] = ()
    secret: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.changeable) and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:  # type: ignore[override]
        names = [field.name for field in self.opts.fields if not field.primary_key]
        return [name for name in names if name not in self.secret]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name not in self.changeable]


@admin.register(User)
class UserAdmin(ReadMostly):
    """Switching a person off ends their sessions and sockets."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    changeable = ("name", "is_active", "is_staff", "is_superuser")
    secret = ("password",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fixed = super().get_readonly_fields(request, obj)
        # Whoever may only look after users must not make themselves more than that.
        is_root = getattr(request.user, "is_superuser", False)
        return fixed if is_root else [*fixed, "is_staff", "is_superuser"]

    def save_model(self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and not obj.is_active:
            members.end_sessions(obj)
            for seat in obj.seats.all():
                revocation.tell_member(seat.pk)


@admin.register(Organization)
class OrganizationAdmin(ReadMostly):
    """The tenants; the platform sets until when they have paid."""

    list_display = ("name", "slug", "language", "subscription_until", "is_demo", "created_at")
    list_filter = ("is_demo", "language")
    search_fields = ("name", "slug")
    ordering = ("name",)
    changeable = ("subscription_until",)


@admin.register(Branch)
class BranchAdmin(ReadMostly):
    list_select_related = ("organization",)
    list_display = ("name", "organization", "timezone", "is_active")
    search_fields = ("name", "organization__name")


@admin.register(Member)
class MemberAdmin(ReadMostly):
    list_display = ("name", "user", "organization", "role", "is_active")
    list_filter = ("role", "is_active")
    list_select_related = ("organization", "user")
    search_fields = ("name", "user__email", "organization__name")


@admin.register(Invitation)
class InvitationAdmin(ReadMostly):
    list_select_related = ("organization",)
    list_display = ("email", "organization", "role", "expires_at", "accepted_at")
    search_fields = ("email", "organization__name")
    secret = ("token_hash", "token_sealed")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadMostly):
    list_select_related = ("organization",)
    list_display = ("name", "prefix", "organization", "last_used_at", "revoked_at")
    search_fields = ("name", "prefix", "organization__name")
    secret = ("token_hash",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadMostly):
    list_display = ("at", "organization", "action", "subject", "member")
    list_filter = ("action",)
    list_select_related = ("organization", "member")
    search_fields = ("subject", "organization__name")


class OAuthAdmin(ReadMostly):
    """Programs let in by OAuth, and what was given to them; the library registers its tables with this."""

    secret = ("token", "token_checksum", "code", "client_secret", "code_challenge")
