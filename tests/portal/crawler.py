"""Opens every named address of a host, with ids of the visitor's own and of others, and says what is wrong.

Each visit is undone. Wrong is: another's word in the answer; an answer other than a refusal where an id is
another's or where the visitor has no role at the host; and any breakdown.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import product
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from tests.portal.neighbours import Ids

REFUSALS = frozenset({401, 403, 404, 405, 410})
#: Answers to everybody: signing in and out, help, health, what a browser fetches by itself.
PUBLIC = frozenset(
    {
        "theme",
        "help",
        "ready",
        "join",
        "admin:login",
        "admin:logout",
        "admin:jsi18n",
        "api-schema",
        "desk:drive_worker",
        "custody:keys",
    }
)
#: What a form may hold that acts on something; a form takes what it knows.
TYPED = {
    "slot": "0",
    "reason_code": "other",
    "message": "hello",
    "step": "sign",
    "vehicle": "GP 1",
    "email": "new@somewhere.example",
    "role": "auditor",
    "scope": "log",
    "action": "deactivate",
    "confirmed": "yes",
}


@dataclass(frozen=True)
class Visitor:
    """Somebody at one host: the ids that are theirs there, and the words that must not reach them."""

    who: str
    client: Client
    forbidden: frozenset[str]
    own: Ids = field(default_factory=dict)
    is_member: bool = False


@dataclass(frozen=True, order=True)
class Offence:
    """What was wrong with one answer."""

    name: str
    why: str
    who: str
    visit: str


@dataclass(frozen=True)
class Address:
    """A named address of an urlconf and the names of what it takes."""

    name: str
    takes: tuple[str, ...]

    def urls(self, urlconf: str, ids: Ids, own: Ids) -> Iterator[tuple[str, dict[str, str]]]:
        """The address with all ids, each with the ids it was filled with.

        Of several, one at most is another's; and once all are, where that can be.
        """
        keys = [self._key(name) for name in self.takes]
        values = [sorted(ids.get(key, ())) or ["nothing"] for key in keys]
        anothers = [sorted(set(ids.get(key, ())) - set(own.get(key, ()))) for key in keys]
        strangest = tuple(some[0] for some in anothers if some)
        for combination in product(*values):
            strange = sum(value in some for value, some in zip(combination, anothers, strict=True))
            if strange > 1 and combination != strangest:
                continue
            filled = dict(zip(self.takes, combination, strict=True))
            with suppress(NoReverseMatch):  # the admin of one host knows no application of the other's
                yield reverse(self.name, kwargs=filled, urlconf=urlconf), filled

    def is_anothers(self, filled: dict[str, str], own: Ids, ids: Ids) -> bool:
        """Whether one of the ids exists and is not among ``own``."""
        return any(
            value in ids.get(self._key(name), ()) and value not in own.get(self._key(name), ())
            for name, value in filled.items()
        )

    def _key(self, name: str) -> str:
        """An admin's ``object_id`` is an id of its model's: admin:carriers_vehicle_change takes vehicles'."""
        return self.name.partition(":")[2].rpartition("_")[0] if name == "object_id" else name


def addresses(urlconf: str) -> list[Address]:
    """Every named address that ``urlconf`` leads to."""
    return list(_walk(get_resolver(urlconf), (), ()))


def _walk(resolver: URLResolver, spaces: tuple[str, ...], takes: tuple[str, ...]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        taken = (*takes, *(getattr(entry.pattern, "converters", None) or entry.pattern.regex.groupindex))
        if isinstance(entry, URLResolver):
            yield from _walk(entry, (*spaces, *filter(None, [entry.namespace])), taken)
        elif entry.name:
            yield Address(":".join([*spaces, entry.name]), taken)


def crawl(
    urlconf: str, visitors: list[Visitor], ids: Ids, queries: dict[str, list[dict[str, str]]] | None = None
) -> list[Offence]:
    """What is wrong anywhere, with ``ids`` tried in every address and ``queries`` behind those they name."""
    asked = queries or {}
    found: list[Offence] = []
    for visitor, address in product(visitors, addresses(urlconf)):
        unknown: set[str] = set()  # methods that the address does not have, whatever it is filled with
        tried = ids if visitor.is_member else _one_of_each(ids)
        for url, filled in address.urls(urlconf, tried, visitor.own):
            for method, target in _requests(url, asked.get(address.name, [])):
                if method in unknown:
                    continue
                answer, body = _visit(visitor.client, method, target)
                if answer.status_code == 405:
                    unknown.add(method)
                found += _judge(visitor, address, filled, ids, answer, body, f"{method.upper()} {target}")
    return sorted(found)


def _one_of_each(ids: Ids) -> Ids:
    """For whom everything is another's, one of each kind is as good as all."""
    return {
        name: {min(values)} if name not in ("app_label", "step", "number") else values
        for name, values in ids.items()
        if values
    }


def _requests(url: str, queries: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    yield "get", url
    yield "post", url
    for query in queries:
        yield "get", f"{url}?{urlencode(query)}"


def _judge(
    visitor: Visitor,
    address: Address,
    filled: dict[str, str],
    ids: Ids,
    answer: HttpResponseBase,
    body: str,
    visit: str,
) -> Iterator[Offence]:
    def offence(why: str) -> Offence:
        return Offence(address.name, why, visitor.who, visit)

    for word in sorted(visitor.forbidden):
        if word in body:
            yield offence(f"shows {word}")
    if answer.status_code >= 500:
        yield offence("breaks")
    elif address.is_anothers(filled, visitor.own, ids) and not _refuses(answer, address):
        yield offence(f"answers {answer.status_code} to another's id")
    elif not visitor.is_member and not _is_public(address) and not _refuses(answer, address):
        yield offence(f"answers {answer.status_code} to somebody without a role")


def _visit(signed_in: Client, method: str, target: str) -> tuple[HttpResponseBase, str]:
    """The answer, or what it leads on to, and all that is read on the way; what changed is undone."""
    client = Client(raise_request_exception=False, **signed_in.defaults)
    client.cookies = SimpleCookie(signed_in.cookies.output(header="", sep=";"))
    with transaction.atomic():
        act: Callable[..., HttpResponseBase] = getattr(client, method)
        answer = act(target, TYPED) if method == "post" else act(target)
        read = _read(answer)
        if answer.status_code == 302 and not _asks_to_sign_in(answer):
            answer = client.get(answer.headers["Location"])
            read += _read(answer)
        transaction.set_rollback(True)
    return answer, read


def _read(answer: HttpResponseBase) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return f"{answer.headers}\n{content.decode(errors='replace')}"


def report(offences: list[Offence]) -> str:
    """What was found, a line for each address and reason, with one visit of those that showed it."""
    firsts = {(offence.name, offence.why): offence for offence in reversed(offences)}
    return "\n".join(f"{o.name} {o.why}: {o.visit} as {o.who}" for o in sorted(firsts.values()))


def _is_public(address: Address) -> bool:
    return address.name in PUBLIC or address.name.startswith("account_")


def _refuses(answer: HttpResponseBase, address: Address) -> bool:
    """A refusal, the way to sign in, or the admin's first page, which says that there is no such thing."""
    if address.name.startswith("admin:") and answer.request["PATH_INFO"] == "/admin/":  # type: ignore[attr-defined]
        return True
    return answer.status_code in REFUSALS or _asks_to_sign_in(answer)


def _asks_to_sign_in(answer: HttpResponseBase) -> bool:
    ways = ("/account/login/?next=", "/admin/login/?next=")
    return answer.status_code == 302 and answer.headers["Location"].startswith(ways)
