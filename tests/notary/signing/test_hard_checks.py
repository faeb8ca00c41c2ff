"""The twelve hard checks of signatures, log and tokens, and the tests that are each of them.

The tests lie where their subject is; this table is how one finds them by number. How late the event
loop is while documents are signed (check 11) is measured by `make bench SUITE=notary`; the test
holds that it is not the loop that signs.
"""

import asyncio

import pytest

from notary.documents.render import Documents, Rendered
from notary.signing.engine import Engine
from tests.notary.house import job
from tests.support import listed

VERIFIERS = "notary/test_public_verifiers.py::"
VERIFY = "recordings/test_verify.py::"
JWT = "auth/test_jwt.py::"
CHECKS = {
    "1 every signature valid, the last whole": [
        f"{VERIFIERS}test_pdfsig_calls_each_signature_valid_and_the_last_object_whole",
        f"{VERIFIERS}test_mutool_calls_each_signature_valid",
    ],
    "2 what was added since": [
        f"{VERIFIERS}test_each_earlier_signature_sees_only_forms_filled_in",
        f"{VERIFIERS}test_pyhankos_own_command_line_says_valid_without_a_network",
        "notary/signing/test_added.py::test_whatever_is_added_besides_is_found",
        "notary/signing/test_added.py::test_the_table_says_yes_only_where_pyhanko_does",
    ],
    "3 years later": [
        f"{VERIFIERS}test_it_stays_valid_when_every_certificate_has_expired",
        "notary/test_pki.py::test_documents_are_renewed_after_a_year_and_stay_what_they_were",
    ],
    "4 openssl": [
        f"{VERIFIERS}test_openssl_accepts_each_signature_as_cades",
        f"{VERIFIERS}test_openssl_accepts_each_document_time_stamp",
    ],
    "5 flipped bits": [
        "notary/test_verification.py::test_flipped_bits_in_what_is_signed_are_found",
        "notary/test_verification.py::test_the_page_asks_the_log_first_then_the_signatures",
        f"{VERIFIERS}test_programs_see_the_tampering_that_they_can_see",
    ],
    "6 added content and hostile files": [
        "notary/test_verification.py::test_what_was_added_after_the_seal_is_found",
        "notary/test_verification.py::test_an_added_page_and_a_rewritten_file_are_found",
        "notary/test_verification.py::test_odd_signature_dictionaries_are_never_valid",
        "notary/signing/test_hostile.py::test_no_hostile_file_is_called_right_and_each_is_answered",
    ],
    "7 Arabic, numbers, fonts": [
        f"{VERIFIERS}test_the_signed_deed_reads_in_order_and_embeds_its_fonts",
        "notary/test_documents.py::test_numbers_and_latin_words_keep_their_order_in_arabic",
        "notary/test_documents.py::test_all_fonts_are_embedded_and_there_is_no_courier",
    ],
    "8 authorities in trouble, and order": [
        "notary/test_outside_services.py::test_one_shot_certificates_that_were_revoked_are_refused",
        "notary/test_outside_services.py::"
        "test_an_outside_time_stamp_authority_that_is_down_slow_or_lying",
        "audit/test_timestamping.py::test_a_lying_authority_gives_none",
        "notary/test_ceremony.py::test_a_failure_leaves_no_half_signed_revision",
        "notary/test_ceremony.py::test_of_two_attempts_at_once_one_signs",
        "notary/test_ceremony.py::test_nobody_signs_out_of_turn_twice_or_as_somebody_else",
    ],
    "9 a log rewritten with its key": [
        "audit/test_service.py::test_rewritten_and_signed_again_is_shown_by_an_older_checkpoint",
        "faults/test_log.py::test_a_truncated_log_ends_the_server",
        "audit/test_go.py::test_go_accepts_the_log",
        "audit/test_go.py::test_go_refuses_a_changed_log",
    ],
    "10 the recorder killed, segments moved, shredding": [
        "recordings/test_recovery.py::test_kill_9_at_random_instants",
        f"{VERIFY}test_forgeries",
        "recordings/test_custody.py::test_a_hold_forbids_destruction_until_two_lift_it",
    ],
    "11 the loop is free while documents are signed": [
        "notary/signing/test_hard_checks.py::test_the_loop_goes_on_while_a_document_is_signed",
    ],
    "12 forged tokens and assertions": [
        f"{JWT}test_the_public_key_is_no_hmac_secret",
        f"{JWT}test_only_our_header_passes_although_the_signature_is_right",
        f"{JWT}test_no_signature_is_no_token",
        f"{JWT}test_every_claim_is_demanded",
        f"{JWT}test_a_wrong_or_unknown_claim_is_refused_although_signed",
        "auth/test_stepup.py::test_an_assertion_for_document_a_does_not_confirm_b",
        "auth/test_stepup.py::test_an_assertion_that_does_not_hold_confirms_nothing",
    ],
}


@pytest.mark.parametrize(("check", "name"), listed.pairs(CHECKS))
def test_the_check_has_its_test(check: str, name: str) -> None:
    listed.assert_runs(check, name)


async def test_the_loop_goes_on_while_a_document_is_signed(
    engine: Engine, rendered: Rendered, documents: Documents
) -> None:
    names = [one.name for one in rendered.boxes]
    pdf = await engine.add_fields(rendered.pdf, rendered.boxes, names)
    signing = asyncio.create_task(engine.sign(job(pdf, 0, rendered, documents)))
    rounds = 0
    while not signing.done():
        await asyncio.sleep(0.001)
        rounds += 1
    assert (await signing).pdf.startswith(pdf)
    assert rounds > 10, "it was the loop that signed"
