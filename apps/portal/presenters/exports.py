"""Bundles as pages show them: what one would hold and open, what a form carries on, what former ones were."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.models import Job
from apps.custody.preview import Preview
from apps.custody.services import ExportScope
from apps.custody.services.scoping import in_words
from apps.deliveries.models import Delivery

Context = dict[str, Any]


def preview_context(preview: Preview | None) -> Context | None:
    """Counts, size and what the bundle opens to whoever gets it."""
    if preview is None:
        return None
    return {
        "events": preview.events,
        "consignments": preview.consignments,
        "documents": preview.documents,
        "size": filesizeformat(preview.size),
        "opened": _opened(preview.opened) or _("no personal values"),
        "sample": preview.sample,
    }


def _opened(counts: dict[str, int]) -> str:
    """“12 names, 2 signatures, 1 remark”."""
    words = {
        "name": ngettext("%(n)d name of a person", "%(n)d names of people", counts.get("name", 0)),
        "signature": ngettext("%(n)d signature", "%(n)d signatures", counts.get("signature", 0)),
        "remark": ngettext("%(n)d remark", "%(n)d remarks", counts.get("remark", 0)),
    }
    return ", ".join(word % {"n": counts[kind]} for kind, word in words.items() if counts.get(kind))


def carried(form: forms.Form) -> list[tuple[str, Any]]:
    """What the form holds, a pair for each value, for a second form to carry along unseen."""
    if not form.is_bound:
        return []
    pairs: list[tuple[str, Any]] = []
    for name in form.fields:
        value = form[name].value()
        pairs += [(name, each) for each in (value if isinstance(value, list) else [value]) if each]
    return pairs


def former(job: Job, facts: Context, sha256: str, *, again: str = "") -> Context:
    """One row of former exports; ``again`` leads to the form filled in as it was."""
    return {
        "job": facts,
        "asked_by": job.asked_by_name,
        "at": job.created_at,
        "what": what_of(job),
        "sha256": sha256,
        "is_gone": job.state == Job.State.DONE and not job.artefact,
        "again_url": again,
    }


def what_of(job: Job) -> str:
    """The scope that was asked for, in words."""
    scope = ExportScope.from_fact(job.facts.get("scope", {}))
    return in_words(scope, _delivery_number(scope))


def again(address: str, job: Job) -> str:
    """The export form filled in as it was for this job; empty for one of before forms were remembered."""
    if "scope" not in job.facts:
        return ""
    scope = ExportScope.from_fact(job.facts["scope"])
    query = QueryDict(mutable=True)
    if scope.delivery_id:
        query.update({"scope": "delivery", "number": _delivery_number(scope)})
    elif scope.consignments:
        query.update({"scope": "consignments", "consignments": ", ".join(scope.consignments)})
    elif scope.is_whole_log:
        query["scope"] = "log"
    else:
        told = {name.removesuffix("_id"): value for name, value in scope.fact().items()}
        query.update({"scope": "search", **told})
    choice = job.facts.get("choice", {})
    query.setlist("copies", choice.get("copies", []))
    query.setlist("columns", choice.get("columns", []))
    query["shown"] = "1"
    if job.facts.get("older_size"):
        query["kept"] = str(job.facts["older_size"])
    return f"{address}?{query.urlencode()}"


def _delivery_number(scope: ExportScope) -> str:
    if scope.delivery_id is None:
        return ""
    numbers = Delivery.objects.filter(pk=scope.delivery_id).values_list("number", flat=True)
    return numbers.first() or ""
