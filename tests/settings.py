"""Settings of the tests: the real ones, with quick passwords, kept mail, no broker, own folders."""

import tempfile
from pathlib import Path

from config.settings import *  # noqa: F403 that is what overriding settings means

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
STORE_DIR = Path(tempfile.mkdtemp(prefix="dockside-test-store-"))
CUSTODY_KEY_DIR = Path(tempfile.mkdtemp(prefix="dockside-test-keys-"))
ACCOUNT_RATE_LIMITS = False
