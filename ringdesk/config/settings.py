"""Django settings. Everything that differs between installations comes from the environment."""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from environs import Env

from ringdesk.config.secret_key import read_or_create

env = Env()

PACKAGE = Path(__file__).resolve().parent.parent
DATA = Path(env.str("RINGDESK_DATA", "var")).absolute()
PUBLIC_URL = env.str("RINGDESK_PUBLIC_URL", "").rstrip("/")
PARTS = frozenset(env.list("RINGDESK_PARTS", ["web", "worker", "listen"]))

DEBUG = False
SECRET_KEY = env.str("RINGDESK_SECRET_KEY", "") or read_or_create(DATA)
# A link in a letter is made of the host that a request claims unless we know our own, and then we answer to no other.
_OWN_HOSTS = [urlsplit(PUBLIC_URL).hostname or "", "localhost", "127.0.0.1", "[::1]"] if PUBLIC_URL else ["*"]
ALLOWED_HOSTS = env.list("RINGDESK_HOSTS", "") or _OWN_HOSTS
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

INSTALLED_APPS = [
    "ringdesk.web",
    "ringdesk.live",
    "ringdesk.webhooks",
    "ringdesk.hall",
    "ringdesk.booking",
    "ringdesk.telephony",
    "ringdesk.scheduling",
    "ringdesk.crm",
    "ringdesk.accounts",
    "ringdesk.core",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "oauth2_provider",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ringdesk.config.api_problems.ApiProblemMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ringdesk.accounts.middleware.SeatMiddleware",
    "ringdesk.web.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "ringdesk.config.urls"
ASGI_APPLICATION = "ringdesk.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ringdesk.web.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "ringdesk.web.templatetags.ringdesk"],
        },
    }
]
FORM_RENDERER = "ringdesk.web.forms.Renderer"
INSTALLED_APPS.append("django.forms")

DATABASES = {"default": env.dj_db_url("DATABASE_URL", "postgres:///ringdesk")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
# Requests run in more threads than there are connections, so a pool keeps these, not the thread.
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 16, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "ringdesk.accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# A reset asked for an address that nobody here has sends nothing: we do not write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
# Guessing: 5 wrong passwords for one address or 30 from one place, then a pause of 5 minutes.
# Programs that register themselves (RFC 7591) are counted here as well.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/5m/ip,5/5m/key", "login": "60/m/ip", "register_program": "20/h/ip"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Ringdesk"
# Addresses come from set-up and invitations, never from strangers: there is nobody to lock out by signing up.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_ADAPTER = "ringdesk.accounts.adapter.MfaAdapter"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PUBLIC_URL.startswith("https://") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CSRF_FAILURE_VIEW = "ringdesk.web.views.csrf_failure"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# OAuth 2.0: programs that members let in (ringdesk/accounts/oauth). Of what the library allows only what the security
# practice of RFC 9700 recommends: codes with S256, hashed tokens, refresh tokens that serve once.
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "accounts.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "accounts.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "accounts.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "accounts.IDToken"
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "ringdesk.accounts.oauth.validator.Validator",
    "SCOPES_BACKEND_CLASS": "ringdesk.accounts.oauth.scopes.Scopes",
    "ACCESS_TOKEN_GENERATOR": "ringdesk.accounts.oauth.secrets.access_token",
    "REFRESH_TOKEN_GENERATOR": "ringdesk.accounts.oauth.secrets.refresh_token",
    **{
        f"{kind}_ADMIN_CLASS": "ringdesk.accounts.admin.OAuthAdmin"
        for kind in ("APPLICATION", "ACCESS_TOKEN", "GRANT", "ID_TOKEN", "REFRESH_TOKEN")
    },
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 90 * 24 * 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
# The domains bring their own catalogues; this one is for the settings and the demo.
LOCALE_PATHS = [str(PACKAGE / "config" / "locale")]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
MEDIA_ROOT = DATA / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Inside the media folder, so that a backup holds them. Nothing serves that folder: recordings are asked for one
    # by one, and each listening is noted.
    "recordings": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": MEDIA_ROOT / "recordings",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}
RECORDING_MAX_BYTES = env.int("RINGDESK_RECORDING_MAX_MB", 200) * 1024 * 1024
# Folders of this computer that connectors may read recordings from. None unless whoever runs the installation says
# so: its members may type in any path, and must not reach the files of others by that.
RECORDING_FOLDERS: list[str] = env.list("RINGDESK_RECORDING_FOLDERS", [])

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(DATA / "mail")
EMAIL_TIMEOUT = 10
if env.str("EMAIL_URL", ""):
    vars().update(env.dj_email_url("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env.str("RINGDESK_MAIL_FROM", "Ringdesk <ringdesk@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("RINGDESK_LOG_LEVEL", "WARNING")},
    "loggers": {
        "ringdesk": {"level": env.str("RINGDESK_LOG_LEVEL", "INFO")},
        # A refused or unknown address is an answer, not an event to log.
        "django.request": {"level": "ERROR"},
    },
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
