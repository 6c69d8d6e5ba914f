"""What a bundle takes along of the registers, to show whoever checks it that its scope is whole."""

from collections.abc import Container, Iterator, Sequence

from django.db import connection

from apps.custody import bundle, registers, sparse
from apps.custody.models import Register, RegisterEntry
from apps.custody.services.scoping import Proof
from apps.custody.tiles import StoredTree

AT_ONCE = 50  # registers

_SLICES = """
    SELECT substring(register.tree FROM asked.at + 1 FOR asked.size)
      FROM unnest(%s::bigint[], %s::int[], %s::int[]) WITH ORDINALITY AS asked (register, at, size, number)
      JOIN custody_register AS register ON register.first = asked.register
     ORDER BY asked.number"""
_Asked = tuple[Register, str]


def registers_shown(proof: Proof, shown: Container[str], tree: StoredTree) -> Iterator[bundle.RegisterProof]:
    """Every register under ``tree``, with what those of the scope's days say of its marks; the entries of the
    consignments in ``shown`` are opened."""
    marks = [mark for marks in proof.conditions for mark in marks]
    for some in _registers(tree.size):
        asked = [(register, mark) for register in some if _is_of_days(register, proof) for mark in marks]
        said = dict(zip(asked, _said(asked, shown), strict=True))
        for register in some:
            told = [said[register, mark] for mark in marks if (register, mark) in said]
            yield _proof(register, tree, said=told)


def registers_with_seeds(tree: StoredTree) -> Iterator[bundle.RegisterProof]:
    """Every register under ``tree`` with its seed, to make it anew: for whoever may see all of the log."""
    for some in _registers(tree.size):
        for register in some:
            yield _proof(register, tree, seed=bytes(register.seed))


def _registers(size: int) -> Iterator[Sequence[Register]]:
    closed = Register.objects.filter(event__leaf__index__lt=size).select_related("event__leaf").defer("tree")
    rows = list(closed.order_by("first"))
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))


def _proof(
    register: Register, tree: StoredTree, *, said: Sequence[bundle.Said | None] = (), seed: bytes = b""
) -> bundle.RegisterProof:
    index = register.event.leaf.index
    return bundle.RegisterProof(
        index, bytes(register.event.canonical), tree.inclusion_proof(index), said, seed
    )


def _is_of_days(register: Register, proof: Proof) -> bool:
    return (proof.first_day or register.day) <= register.day <= (proof.last_day or register.day)


def _said(asked: Sequence[_Asked], shown: Container[str]) -> Iterator[bundle.Said | None]:
    """What each of these registers says of its mark."""
    known = RegisterEntry.objects.filter(
        mark__in={mark for _, mark in asked}, register__in={register.first for register, _ in asked}
    )
    held = {(each.register_id, each.mark): each.consignments for each in known}
    places = [registers.place(bytes(register.salt), mark) for register, mark in asked]
    slices = [
        [(register.first, *each) for each in sparse.upper_slices(register.top, place)]
        for (register, _), place in zip(asked, places, strict=True)
    ]
    read = _read([each for some in slices for each in some])
    upper = [[next(read) for _ in some] for some in slices]
    near = _read(
        [
            (register.first, *sparse.near_slice(register.top, siblings[-1]))
            for (register, _), siblings in zip(asked, upper, strict=True)
        ]
    )
    for (register, mark), place, siblings in zip(asked, places, upper, strict=True):
        path, found = sparse.path_of(register.top, place, siblings[:-1], next(near))
        consignments = held.get((register.first, mark))
        if found != sparse.EMPTY and not consignments:
            yield None  # another leaf lies where this mark would: one in some hundred thousand
        else:
            yield registers.said_of(mark, consignments, bytes(register.seed), path, shown)


def _read(slices: Sequence[tuple[int, int, int]]) -> Iterator[bytes]:
    """Bytes of stored trees: of which register, from where on, how many."""
    with connection.cursor() as cursor:
        cursor.execute(_SLICES, [list(column) for column in zip(*slices, strict=True)] or [[], [], []])
        return iter([bytes(part) for (part,) in cursor.fetchall()])
