"""Django's settings, all from the environment:

PRIEM_HOME          folder of database, key and locks (./priem-data)
PRIEM_SECRET_KEY    what secrets are encrypted with; several, the one in force first, for a change of keys
PRIEM_SECRET_KEY_FILE  or the file it stands in (secret.key in PRIEM_HOME, made at first use)
DATABASE_URL        postgres://user:password@host:port/name instead of SQLite
DATABASE_URL_FILE   or the file it stands in
PRIEM_HOSTS         names that the hub answers to, separated by commas (loopback only)
PRIEM_ORIGINS       https://… addresses whose forms it takes
PRIEM_PUBLIC_URL    the hub's address from outside, to which amoCRM posts what changes; its name is answered to as well
PRIEM_CATCH_UP      seconds between readings of what webhooks may have left out (600)
PRIEM_SANDBOX_RATE  requests a second of a clinic whose amoCRM is a sandbox, for tests (7, as the real one allows)
PRIEM_HTTPS         1 behind a proxy that speaks HTTPS and sets X-Forwarded-Proto
PRIEM_SECOND_FACTOR roles that need a second factor at login, separated by commas: owner, integrator, administrator,
                    manager, auditor (owner,integrator with PRIEM_HTTPS, else nobody has to)
PRIEM_WORKERS       1 where `priem worker` keeps the clinics in step, on this machine or others; PostgreSQL only
PRIEM_TIME_ZONE     of the pages (Europe/Moscow)
PRIEM_LOG, PRIEM_LOG_LEVEL  console or json; INFO, WARNING, …
PRIEM_ALERT_MAIL, PRIEM_ALERT_WEBHOOK, PRIEM_SMTP, PRIEM_MAIL_FROM, PRIEM_METRICS_TOKEN  who is told of incidents, and
PRIEM_KEEP_…, PRIEM_LATE_SECONDS, PRIEM_LEAST_DISK_MB  how long the history is kept: docs/how-to/watch-the-hub.md
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import cast

from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from priem.hub import environment, keys
from priem.hub.logs import logging_configuration
from priem.hub.look import LOOK
from priem.texts import CATALOGS

HERE = Path(__file__).parent
HTTPS = environment.flag("PRIEM_HTTPS")

# Made of the key file when somebody first signs something, not when the settings are imported.
SECRET_KEY = cast(str, SimpleLazyObject(keys.signing_key))
DEBUG = False
ALLOWED_HOSTS = [*environment.words("PRIEM_HOSTS", environment.LOOPBACK), *environment.public_host()]
CSRF_TRUSTED_ORIGINS = environment.words("PRIEM_ORIGINS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 3600 if HTTPS else 0

DATABASES = {"default": environment.database(environment.database_url(), environment.home())}

INSTALLED_APPS = [
    "priem.hub",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",  # its pages are found by urls: commands start faster without
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
]
if "postgresql" in DATABASES["default"]["ENGINE"]:
    INSTALLED_APPS.append("procrastinate.contrib.django")  # the tables of its jobs: see hub/shifts
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "priem.hub.content_policy.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "priem.hub.roles.second_factor.SecondFactor",
    "priem.hub.audit.acting.Acting",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "priem.hub.urls"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
WSGI_APPLICATION = "priem.hub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Not by name alone: anybody could lock others out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "priem.hub.roles.throttling.address"
AXES_CLIENT_STR_CALLABLE = "priem.hub.roles.throttling.somebody"
AXES_LOCKOUT_CALLABLE = "priem.hub.roles.throttling.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
SECOND_FACTOR_ROLES = environment.words("PRIEM_SECOND_FACTOR", ("owner", "integrator") if HTTPS else ())

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [CATALOGS]
USE_TZ = True  # stored in UTC
TIME_ZONE = os.environ.get("PRIEM_TIME_ZONE", "Europe/Moscow")  # shown in this one

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING = logging_configuration(os.environ.get("PRIEM_LOG", "console"), os.environ.get("PRIEM_LOG_LEVEL", "INFO"))
UNFOLD = LOOK
OUTSIDE = "priem.bootstrap"
"""Who opens clinics for the pages: see hub/setup/outside and hub/records/outside."""
