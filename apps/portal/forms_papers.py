"""Shapes of what people type about papers: a file that is brought, and why one is not insisted on."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.documents.inspection import MOST_BYTES
from apps.documents.logo import MOST_BYTES as LARGEST_LOGO
from apps.facilities.models import DocumentType

#: What we issue ourselves and nobody brings.
OURS = frozenset({DocumentType.DELIVERY_NOTE, DocumentType.PROOF_OF_DELIVERY})
BROUGHT = [(kind.value, kind.label) for kind in DocumentType if kind not in OURS | {DocumentType.PHOTO}]
ACCEPTED = ".pdf,.jpg,.jpeg,.png,.webp,.csv,application/pdf,image/jpeg,image/png,image/webp,text/csv"


class PaperForm(forms.Form):
    """One paper with what it is; its content decides whether it is taken."""

    document_type = forms.ChoiceField(label=_("Paper"), choices=[("", _("Choose what it is")), *BROUGHT])
    file = forms.FileField(
        label=_("File"),
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
        help_text=_("A PDF, a photo or a CSV table, up to %(most)s MB.")
        % {"most": MOST_BYTES // (1024 * 1024)},
    )
    number = forms.CharField(label=_("Its number"), max_length=60, required=False)
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Its last day. Leave it empty for a paper that does not run out."),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """Refuse by size before anything is read into memory."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)s MB. Scan it with a lower resolution.")
                % {"most": MOST_BYTES // (1024 * 1024)}
            )
        return file

    def paper(self) -> dict[str, Any]:
        """The valid form as arguments of ``deliveries.services.bring_document``."""
        typed = self.cleaned_data
        return {
            "document_type": DocumentType(typed["document_type"]),
            "content": typed["file"].read(),
            "file_name": typed["file"].name,
            "number": typed["number"],
            "valid_until": typed["valid_until"],
        }


class WaiverForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
        help_text=_("Both sides read it, and it goes on the custody record."),
    )


class DayForm(forms.Form):
    """The day whose papers are wanted."""

    day = forms.DateField()


class LogoForm(forms.Form):
    """A picture to stand on papers and desk; its content decides whether it is taken."""

    file = forms.FileField(
        label=_("Picture"),
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, at most 2 MB; a transparent background looks best on white paper."),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """Refuse by size before anything is read into memory."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_LOGO:
            raise forms.ValidationError(_("A logo has at most 2 MB. Save it with fewer pixels."))
        return file
