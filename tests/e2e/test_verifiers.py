"""The browser's verifier, opened from disk, against the one in Python: many bundles, one verdict."""

import json
import random
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from apps.custody import verify
from tests.custody import forging, torture
from tests.custody.browser import PAGE, check_all
from tests.custody.vectors import (
    accepted_by_python,
    json_vectors,
    merkle_vectors,
    needs_vectors,
    parsed_by_python,
)

CHECK_PROOFS = """(vectors) => Promise.all(vectors.map(async (vector) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const proof = (vector.proof ?? []).map(bytes);
  if ("leafHash" in vector) {
    const root = await rootFromInclusion(bytes(vector.leafHash), vector.leafIdx, vector.treeSize, proof);
    return root !== null && same(root, bytes(vector.root));
  }
  const [older, newer] = [[vector.size1, vector.root1], [vector.size2, vector.root2]]
    .map(([size, root]) => ({ size, root: bytes(root) }));
  return isConsistent(older, newer, proof);
}))"""
CHECK_TEXTS = """(texts) => texts.map((text) => {
  try { parseJson(Uint8Array.from(text), "vector"); return true; } catch { return false; }
})"""
VERDICTS = {verify.PASS: "PASS", verify.FAIL: "FAIL", verify.INCOMPLETE: "INCOMPLETE"}


def test_both_verifiers_say_the_same_of_every_bundle(browser: Browser) -> None:
    rng = random.Random(11)
    bundles = [(log, data) for _, _, log, data in forging.forgeries(rng, step=12)]
    honest = [forging.honest_log(rng) for _ in range(12)]
    bundles += [(log, forging.honest_bundle(log, rng)) for log in honest]
    good = forging.honest_bundle(honest[0], rng)
    bundles += [(honest[0], forging.forge_bytes(good, kind, rng)) for kind in forging.RAW_KINDS * 4]
    cases = [(log, data, rng.randint(1, len(log.data))) for log, data in bundles]
    page = browser.new_page()
    page.goto(PAGE.as_uri())

    reports = check_all(page, [torture.case(data, log, known) for log, data, known in cases])
    page.close()

    assert {report["verdict"] for report in reports} == set(VERDICTS.values())
    for (log, data, known), report in zip(cases, reports, strict=True):
        expected = torture.report(data, log, known)
        assert report["verdict"] == VERDICTS[expected.verdict], (report["failures"], expected.failures)
        if expected.verdict != verify.FAIL:
            assert report["missing"] == expected.missing
            assert report["proven"] == expected.proven
            assert report["unproven"] == expected.unproven


@needs_vectors
def test_both_verifiers_say_the_same_of_every_reference_vector(browser: Browser) -> None:
    proofs, texts = merkle_vectors(), json_vectors()
    page = browser.new_page()
    page.goto(PAGE.as_uri())

    accepted = page.evaluate(CHECK_PROOFS, proofs)
    parsed = page.evaluate(CHECK_TEXTS, [list(data) for _, data in texts])
    page.close()

    assert accepted == [accepted_by_python(each) for each in proofs]
    assert parsed == [parsed_by_python(data) for _, data in texts]


def test_an_auditor_opens_the_page_from_disk_and_sees_a_flipped_byte(
    browser: Browser, tmp_path: Path
) -> None:
    log = forging.honest_log(random.Random(2))
    good = forging.honest_bundle(log, random.Random(2))
    place = good.index(b'"actor":') + 20
    bad = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
    page = browser.new_page()
    page.goto(PAGE.as_uri())
    page.get_by_label("Verification key of the log").fill(log.vkey)

    for name, data, verdict in (("good.zip", good, "PASS"), ("bad.zip", bad, "FAIL")):
        (tmp_path / name).write_bytes(data)
        page.get_by_label("Bundle", exact=True).set_input_files(tmp_path / name)
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.get_by_role("heading", name=verdict, exact=True)).to_be_visible()
    expect(page.get_by_text("events.jsonl").first).to_be_visible()
    page.close()


@pytest.mark.parametrize("kept", ["structures", "types"])
def test_the_page_knows_the_same_schema(kept: str) -> None:
    embedded = PAGE.read_text("utf-8").split('id="schema">')[1].split("</script>")[0]
    types = {
        name: {
            "requires": each.requires.split(),
            "biz_step": each.biz_step,
            "disposition": each.disposition,
            "details": each.details,
        }
        for name, each in verify.EVENT_TYPES.items()
    }

    assert json.loads(embedded)[kept] == {"structures": verify.STRUCTURES, "types": types}[kept]
