"""Import with a dry run and export, for any model admin: formula-safe, all or nothing, on record."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.resources import ModelResource
from import_export.results import Result, RowResult
from import_export.tmp_storages import BaseStorage
from import_export.widgets import BooleanWidget
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from apps.core.admin_history import difference
from apps.core.errors import DomainError
from apps.core.ids import new_id
from apps.core.sheets import LARGEST, SafeCSV, SafeXLSX, guarded, plain

KEPT_FOR = timedelta(hours=6)
"""How long a file that was tried and not confirmed is kept."""


class ImportGone(DomainError):
    """The file that was to be imported is not here any more."""

    code = "import-gone"
    status = 410


class ImportStore(BaseStorage):
    """A file between its dry run and its import: in the store that all web nodes share, per schema."""

    def save(self, data: bytes | str) -> None:
        _sweep()
        self.name = new_id().hex
        default_storage.save(self._path(), ContentFile(data.encode() if isinstance(data, str) else data))

    def read(self) -> bytes | str:
        with default_storage.open(self._path()) as file:
            content: bytes = file.read()
        return content.decode(self.encoding) if self.encoding else content

    def remove(self) -> None:
        default_storage.delete(self._path())

    def _path(self) -> str:
        try:
            return f"{_folder()}/{UUID(self.name).hex}"
        except ValueError as error:
            raise ImportGone(_("There is no such import here. Choose the file again.")) from error


class YesNo(BooleanWidget):
    """Yes or no, in words; anything else is an error and not a no."""

    WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        word = str(value).strip().lower()
        if word not in self.WORDS:
            raise ValueError(_("Write yes or no."))
        return self.WORDS[word]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "yes" if value else "no"


class Sheet(ModelResource):
    """One row per record: validated as the admin's forms are, unknown columns refused, cells formula-safe."""

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        known = [field.column_name for field in self.get_import_fields()]
        unknown = [str(header) for header in dataset.headers or [] if header not in known]
        if unknown:
            raise ValueError(
                _("Unknown column “%(column)s”. Known are: %(known)s.")
                % {"column": unknown[0], "known": ", ".join(known)}
            )

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name in list(row):
            row[name] = plain(row[name])

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> list[str]:
        cells = super().export_resource(instance, selected_fields, **kwargs)
        return [guarded("" if cell is None else str(cell)) for cell in cells]

    def differences(self, before: Any, after: Any) -> list[str]:
        """Each column that says something else: its name, what it said, what it says."""
        columns = [
            (field.column_name, self.export_field(field, before), self.export_field(field, after))
            for field in self.get_export_fields()
        ]
        return [difference(name, was or "–", now or "–") for name, was, now in columns if was != now]

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True


class SizedImportForm(ImportForm):
    """A file of at most 2 MB."""

    def clean_import_file(self) -> Any:
        sent = self.cleaned_data["import_file"]
        if sent.size > LARGEST:
            raise ValidationError(_("The file is larger than 2 MB; split it."))
        return sent


class Exchange(ImportExportMixin):
    """For a model admin with ``resource_classes``: one ``Sheet``, imported by whoever may add and change."""

    formats = [SafeCSV, SafeXLSX]
    to_encoding = "utf-8-sig"
    tmp_storage_class = ImportStore
    import_form_class = SizedImportForm
    export_form_class = ExportForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The import itself, after its dry run; a file is imported once."""
        try:
            answer: HttpResponse = super().process_import(request, **kwargs)
        except FileNotFoundError as error:
            raise ImportGone(
                _("This file was imported already, or waited too long. Choose it again.")
            ) from error
        return answer

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """What came of it; where something changed since the dry run and a row fails, nothing is imported."""
        if result.has_errors() or result.has_validation_errors():
            text = _("Nothing was imported: a row does not fit any more. Try the file again to see which.")
            messages.error(request, text)
            return redirect(f"admin:{'_'.join(self.get_model_info())}_import")
        answer: HttpResponse = super().process_result(result, request)
        return answer

    def generate_log_entries(self, result: Result, request: HttpRequest) -> None:
        """A line of history for every row that was added or changed, which says what was changed."""
        sheet = self.resource_classes[0]()
        for row in result:
            if row.import_type == RowResult.IMPORT_TYPE_NEW:
                _log(request, row.instance, ADDITION, {"added": {}})
            elif row.import_type == RowResult.IMPORT_TYPE_UPDATE:
                fields = sheet.differences(row.original, row.instance)
                _log(request, row.instance, CHANGE, {"changed": {"fields": fields}})


def _log(request: HttpRequest, row: Any, flag: int, message: dict[str, Any]) -> None:
    LogEntry.objects.log_actions(str(request.user.pk), [row], flag, change_message=[message])


def _folder() -> str:
    return f"{connection.schema_name}/imports"  # type: ignore[attr-defined]  # django_tenants' has it


def _sweep() -> None:
    """Remove files that were tried and never confirmed."""
    if not default_storage.exists(_folder()):
        return
    for name in default_storage.listdir(_folder())[1]:
        path = f"{_folder()}/{name}"
        if default_storage.get_modified_time(path) < timezone.now() - KEPT_FOR:
            default_storage.delete(path)
