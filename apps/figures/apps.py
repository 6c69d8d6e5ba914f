"""App configuration of figures."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "apps.figures"

    def ready(self) -> None:
        """Let risks that were told take part when exceptions are looked for."""
        from apps.figures import likely  # noqa: F401 its import enters it
