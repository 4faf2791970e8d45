"""Addresses of accounts: settings, invitations, the first run."""

from django.urls import path

from ringdesk.accounts.views import audit, invitations, members, oauth, organization, personal, programs, setup, tokens

app_name = "accounts"
urlpatterns = [
    path("settings/", organization.settings, name="settings"),
    path("settings/organization/", organization.organization, name="organization"),
    path("settings/branches/", organization.branch_list, name="branches"),
    path("settings/branches/new/", organization.branch_new, name="branch_new"),
    path("settings/branches/<int:pk>/", organization.branch, name="branch"),
    path("settings/branches/<int:pk>/close/", organization.branch_deactivate, name="branch_deactivate"),
    path("settings/branches/<int:pk>/open/", organization.branch_reactivate, name="branch_reactivate"),
    path("settings/members/", members.member_list, name="members"),
    path("settings/members/<int:pk>/", members.member, name="member"),
    path("settings/members/<int:pk>/deactivate/", members.member_deactivate, name="member_deactivate"),
    path("settings/members/<int:pk>/reactivate/", members.member_reactivate, name="member_reactivate"),
    path("settings/members/invite/", members.invite, name="invite"),
    path("settings/invitations/<int:pk>/revoke/", members.invitation_revoke, name="invitation_revoke"),
    path("settings/roles/", organization.roles, name="roles"),
    path("settings/tokens/", tokens.token_list, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("settings/programs/", programs.program_list, name="programs"),
    path(
        "settings/programs/<int:member>/<int:application>/disconnect/",
        programs.program_put_out,
        name="program_put_out",
    ),
    path("settings/applications/", programs.application_list, name="applications"),
    path("settings/applications/<int:pk>/revoke/", programs.application_revoke, name="application_revoke"),
    path("oauth/authorize", oauth.authorize, name="oauth_authorize"),
    path("oauth/token", oauth.token, name="oauth_token"),
    path("oauth/revoke", oauth.revoke, name="oauth_revoke"),
    path("oauth/register", oauth.register, name="oauth_register"),
    path(".well-known/oauth-authorization-server", oauth.server_metadata, name="oauth_server"),
    path(".well-known/oauth-protected-resource", oauth.resource_metadata, name="oauth_resource"),
    path(".well-known/oauth-protected-resource/<path:rest>", oauth.resource_metadata, name="oauth_resource_of"),
    path("settings/audit/", audit.audit_log, name="audit"),
    path("settings/profile/", personal.profile, name="profile"),
    path("settings/preferences/", personal.preferences, name="preferences"),
    path("settings/choose-branch/", personal.choose_branch, name="choose_branch"),
    path("settings/choose-seat/", personal.choose_seat, name="choose_seat"),
    path("no-seat/", personal.no_seat, name="no_seat"),
    path("invitation/<str:secret>/", invitations.invitation, name="invitation"),
    path("setup/", setup.start, name="setup"),
    path("setup/you/", setup.account, name="setup_account"),
    path("setup/organization/", setup.organization, name="setup_organization"),
    path("setup/branch/", setup.branch, name="setup_branch"),
]
