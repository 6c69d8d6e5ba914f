"""Who belongs to an organisation, inviting more, and joining by invitation."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from apps.accounts.actors import Organisation, Side
from apps.accounts.http import ActingRequest
from apps.accounts.middleware import SIGNED_IN_AT
from apps.accounts.models import Invitation, Membership
from apps.accounts.permissions import allows
from apps.accounts.services import accept_invitation, find_invitation, invite, is_known
from apps.accounts.services.invitations import ROLES_OF
from apps.core.errors import DomainError
from apps.facilities.models import Recipient
from apps.portal.access import hub_page, shipper_page
from apps.portal.forms import InviteForm, JoinForm
from apps.portal.frame import desk_frame, hub_frame
from apps.tenancy.doorway import current_shipper

BACKEND = "apps.accounts.backends.MemberBackend"


@shipper_page
def desk_people(request: ActingRequest) -> HttpResponse:
    """The shipper's people, and a form to invite another for whoever may."""
    shipper = current_shipper()
    context = desk_frame(request, section="people")
    return _people(
        request,
        Organisation(Side.SHIPPER, shipper.name, shipper.pk),
        "desk:people",
        "desk_base.html",
        context,
    )


@hub_page
def hub_people(request: ActingRequest) -> HttpResponse:
    """The people of the person's first recipient; ``?recipient=`` names another of theirs."""
    own = Recipient.objects.filter(pk__in=request.actor.recipient_ids)
    recipient = own.filter(name=request.GET.get("recipient", "")).first() or own.first()
    assert recipient is not None
    context = hub_frame(request, section="people")
    organisation = Organisation(Side.RECIPIENT, recipient.name, recipient.pk)
    return _people(request, organisation, "hub:people", "hub_base.html", context)


def _people(
    request: ActingRequest, organisation: Organisation, url_name: str, base: str, context: dict[str, object]
) -> HttpResponse:
    may_invite = allows(request.actor, "accounts.invite", organisation)
    form = InviteForm(request.POST or None, roles=frozenset(ROLES_OF[organisation.side]))
    if request.method == "POST" and may_invite and form.is_valid():
        invite(
            actor=request.actor,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            organisation=organisation,
            link=invitation_link(request),
            now=timezone.now(),
        )
        messages.success(request, _("%(email)s is invited.") % form.cleaned_data)
        return redirect(url_name)
    key = "shipper_id" if organisation.side == Side.SHIPPER else "recipient_id"
    context |= {
        "base": base,
        "organisation": organisation,
        "members": Membership.objects.filter(**{key: organisation.id})
        .select_related("person")
        .order_by("person__name"),
        "invitations": Invitation.objects.filter(
            **{key: organisation.id}, accepted_at=None, expires_at__gt=timezone.now()
        ),
        "form": form if may_invite else None,
    }
    return render(request, "portal/people.html", context, status=422 if form.errors else 200)


def invitation_link(request: HttpRequest) -> str:
    """The address of the joining page at this host, with ``{token}`` left open."""
    return request.build_absolute_uri(reverse("join", args=["TOKEN"])).replace("TOKEN", "{token}")


@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation (GET), accept it (POST); somebody with an account signs in with it afterwards."""
    now = timezone.now()
    try:
        invitation = find_invitation(token=token, now=now)
    except DomainError as error:
        return render(request, "refused.html", {"error": error}, status=error.status)
    known = is_known(invitation)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and (known or form.is_valid()):
        name, password = ("", None) if known else (form.cleaned_data["name"], form.cleaned_data["password"])
        person = accept_invitation(token=token, name=name, password=password, now=now)
        if known:
            messages.success(request, _("The role is added. Sign in to use it."))
            return redirect("account_login")
        login(request, person, backend=BACKEND)
        request.session[SIGNED_IN_AT] = request.get_host().split(":")[0]
        return redirect("/")
    context = {"invitation": invitation, "is_known": known, "form": form}
    return render(request, "portal/join.html", context, status=422 if form.errors else 200)
