"""Every setting, from the environment, with defaults that run Dockside on one machine.

A production process sets DOCKSIDE_ENV=production; then whatever is missing or unsafe stops the start.
``.env.example`` lists the variables.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from config.local import broker, places, postgres

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = places.local_home()

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

PRODUCTION = (
    env.str("DOCKSIDE_ENV", "local", validate=lambda value: value in {"local", "production"}) == "production"
)


def required(name: str, local: str) -> str:
    """A value that production must set and one machine has a default for."""
    value: str = env.str(name, "")
    if value or not PRODUCTION:
        return value or local
    raise ImproperlyConfigured(f"{name} must be set when DOCKSIDE_ENV=production")


SECRET_KEY = required("SECRET_KEY", "local-only-" + "x" * 50)
DEBUG = env.bool("DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off when DOCKSIDE_ENV=production")

# Addresses -----------------------------------------------------------------------------------
NETWORK_HOST = required("NETWORK_HOST", "localhost")
PORT = env.int("PORT", 8000)
SCHEME = "https" if PRODUCTION else "http"
ALLOWED_HOSTS = [NETWORK_HOST, f".{NETWORK_HOST}"]
CSRF_TRUSTED_ORIGINS = [f"https://{NETWORK_HOST}", f"https://*.{NETWORK_HOST}"] if PRODUCTION else []
ROOT_URLCONF = "config.urls_shipper"
PUBLIC_SCHEMA_URLCONF = "config.urls_network"
WSGI_APPLICATION = "config.wsgi.application"

# Applications --------------------------------------------------------------------------------
SHARED_APPS = [
    "apps.core",
    "apps.tenancy",
    "apps.accounts",
    "apps.notices",
    "apps.facilities",
    "apps.appointments",
    "apps.receipts",
    "apps.custody.network",
    "unfold",
    "unfold.contrib.import_export",
    "import_export",
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "rules",
]
TENANT_APPS = [
    "apps.core",
    "apps.consignments",
    "apps.carriers",
    "apps.documents",
    "apps.custody",
    "apps.deliveries",
    "apps.routing",
    "apps.tracking",
    "apps.tendering",
    "apps.driving",
    "apps.insights",
    "apps.figures",
    "apps.integrations",
    "apps.portal",
    "django.contrib.contenttypes",
    "django.contrib.admin",
    "django.contrib.sessions",
]
# our overriding commands stand before the libraries that they override; unfold before django_tenants
INSTALLED_APPS = [*SHARED_APPS[:8], *[app for app in TENANT_APPS if app not in SHARED_APPS], *SHARED_APPS[8:]]
TENANT_MODEL = "tenancy.Shipper"
TENANT_DOMAIN_MODEL = "tenancy.Domain"
PG_EXTRA_SEARCH_PATHS = ["extensions"]  # made by migrate_schemas, never inside a shipper's schema
SKIP_PG_EXTRA_VALIDATION = True  # it would query the database while the applications still load
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "apps.tenancy.middleware.HealthMiddleware",
    "apps.tenancy.middleware.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.context_processors.acting",
            ],
            "libraries": {"lucide": "apps.core.icons", "states": "apps.core.state_looks"},
        },
    },
]

# Database ------------------------------------------------------------------------------------
# The runtime login may only take the roles of the hub and the shippers; the owner migrates and provisions.
ACT_AS_OWNER = env.bool("DOCKSIDE_AS_OWNER", False)
DATABASE_URL = required("DATABASE_URL", postgres.url("dockside_app"))
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", "" if PRODUCTION else postgres.url("dockside_owner"))
RUNTIME_ROLE = dj_database_url.parse(DATABASE_URL)["USER"]
if ACT_AS_OWNER and not DATABASE_OWNER_URL:
    raise ImproperlyConfigured("DATABASE_OWNER_URL must be set for commands that change the schema")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **dj_database_url.parse(DATABASE_OWNER_URL if ACT_AS_OWNER else DATABASE_URL),
        "ENGINE": "apps.tenancy.postgresql",
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
    }
}
# Only what asks to be prepared is (custody writes each event with the same two statements).
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 2**31 - 1
if named := env.str("DOCKSIDE_DATABASE", ""):  # another database of the same server: tests, benchmarks
    DATABASES["default"]["NAME"] = named

# Work in the background ----------------------------------------------------------------------
CELERY_BROKER_URL = required("BROKER_URL", broker.url())
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL)
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_DEFAULT_QUEUE_TYPE = broker.queue_type(CELERY_BROKER_URL)
CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = broker.queue_type(CELERY_BROKER_URL)
CELERY_TASK_TIME_LIMIT = broker.LONGEST_TASK_SECONDS
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep the outbox": {"task": "tenancy.sweep", "schedule": 2.0, "options": {"expires": 2}},
    "expire unanswered offers": {"task": "deliveries.expire", "schedule": 30.0, "options": {"expires": 30}},
    "offer what is free": {"task": "deliveries.offer_freed", "schedule": 30.0, "options": {"expires": 30}},
    "run standing appointments": {
        "task": "deliveries.run_series",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "ask for missing papers": {
        "task": "deliveries.remind_of_papers",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
    "warn of detention": {
        "task": "deliveries.warn_of_detention",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "expire unanswered tenders": {"task": "tendering.expire", "schedule": 30.0, "options": {"expires": 30}},
    "count the figures": {"task": "figures.count", "schedule": 60.0, "options": {"expires": 60}},
    "report the week": {"task": "figures.report", "schedule": 3600.0, "options": {"expires": 3600}},
    "tell the risks": {"task": "figures.foresee", "schedule": 300.0, "options": {"expires": 300}},
    "learn from the past": {"task": "figures.learn", "schedule": 3600.0, "options": {"expires": 3600}},
    "report to subscribers": {"task": "integrations.report", "schedule": 15.0, "options": {"expires": 15}},
    "look for exceptions": {"task": "insights.watch", "schedule": 20.0, "options": {"expires": 20}},
    "judge expected arrivals": {"task": "tracking.judge", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget old positions": {"task": "tracking.forget", "schedule": 3600.0, "options": {"expires": 3600}},
    "plan and watch the days": {"task": "routing.watch", "schedule": 60.0, "options": {"expires": 60}},
    "have the custody logs cosigned": {
        "task": "custody.witness",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # a day is signed once; those after the first find that out at once
    "sign the network's log": {
        "task": "custody.sign_network",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    # the worker has what an export would otherwise do: a day's register is closed once
    "close the custody registers": {
        "task": "custody.close_registers",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    # the sequencer does it several times a second
    "sequence the custody logs": {"task": "custody.sequence", "schedule": 30.0, "options": {"expires": 30}},
}

# People --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "apps.accounts.backends.MemberBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation reached the address already
ACCOUNT_ADAPTER = "apps.accounts.adapter.InvitedOnly"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SCHEME
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
EMAIL_CONFIG = env.dj_email_url("EMAIL_URL", "console:")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG["EMAIL_USE_TLS"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Dockside <no-reply@{NETWORK_HOST}>")

# Safety --------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "style-src": [SELF],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
# How many proxies of our own stand before us: the address that the outermost of them saw is the client's, for
# every limit by address. 0: X-Forwarded-For is anybody's word and is not read.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", 0)
if ALLAUTH_TRUSTED_PROXY_COUNT < 0:
    raise ImproperlyConfigured("TRUSTED_PROXIES is a number of proxies, from 0")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    }
}

# Files ---------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(LOCAL_DIR / "static")))
STORE_DIR = Path(
    env.str("STORE_DIR", str(LOCAL_DIR / "store"))
)  # papers, bundles: private, one folder per schema
CLAMD_ADDRESS = env.str("CLAMD_ADDRESS", "")  # host:port or a socket's path; empty: papers are not scanned
CUSTODY_KEY_DIR = Path(env.str("CUSTODY_KEY_DIR", str(LOCAL_DIR / "keys")))  # readable by workers alone
CUSTODY_WITNESSES: list[str] = env.list("CUSTODY_WITNESSES", [])  # each a URL, a space, the witness's key
POSITIONS_KEPT_DAYS = env.int("POSITIONS_KEPT_DAYS", 30)  # where vehicles were, and so their drivers
ROUTER_URL = env.str("ROUTER_URL", "")  # OSRM-compatible; empty: great circles at a lorry's speeds
ROUTER_TIMEOUT = env.float("ROUTER_TIMEOUT", 5.0)
ROUTER_TABLE_SIZE = env.int("ROUTER_TABLE_SIZE", 100)
ROUTING_WORKERS = env.int("ROUTING_WORKERS", 2)  # cores that a day of more than 300 deliveries is searched on
#: Hosts of the operator's own network that subscriptions may report to, by plain HTTP too.
WEBHOOK_TRUSTED_HOSTS: list[str] = env.list("WEBHOOK_TRUSTED_HOSTS", [])
TIMESTAMP_URL = env.str("TIMESTAMP_URL", "")  # RFC 3161 service that signatures of papers are time-stamped by
STORE_BACKEND = env.str("STORE_BACKEND", "")  # a Django storage's dotted path: an object store for papers
STORAGES = {
    "default": {
        "BACKEND": STORE_BACKEND or "django.core.files.storage.FileSystemStorage",
        "OPTIONS": env.json("STORE_OPTIONS", {}) if STORE_BACKEND else {"location": STORE_DIR},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION

# Language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Pages are in English whatever a browser asks for; the catalogues hold the words of papers alone.
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["config.formats"]

# API -----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.api.HasRoleHere"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.Cursor",
    "EXCEPTION_HANDLER": "apps.core.api.problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dockside",
    "DESCRIPTION": "Slots, appointments and deliveries of one party of the network.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Logs ----------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "fontTools": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "pyhanko": {"level": "WARNING"},
        "celery.worker.strategy": {
            "level": "WARNING"
        },  # “received” and “succeeded” every two seconds say nothing
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
