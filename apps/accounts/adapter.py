"""Sign-in as allauth does it, closed to those who were not invited, bound to the host it happened at."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from apps.accounts.middleware import SIGNED_IN_AT
from apps.accounts.models import Person


class InvitedOnly(DefaultAccountAdapter):
    """People come by invitation; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Person) -> None:
        super().login(request, user)
        request.session[SIGNED_IN_AT] = request.get_host().split(":")[0]
