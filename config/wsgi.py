"""The WSGI entry point; it serves nothing where the custody records can be changed."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from apps.custody.hostile import require_guarded  # noqa: E402 models need the application above

require_guarded()
