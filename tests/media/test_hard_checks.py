"""The twelve hard checks of a media plane, and the tests that are each of them.

The tests lie where their subject is; this table is how one finds them by number, and fails when one
of them is renamed, removed or skipped. Checks 5, 8 and 11 are shown in a short form: two hours and
eight are not waited for (`python -m tools.soak --hours 8`).
"""

import pytest

from tests.support import listed

CHECKS = {
    "1 reconnect": [
        "browser/test_same_seat.py::test_a_cut_line_and_a_new_network_lead_back_to_the_same_seat",
        "media/test_browser.py::test_a_seat_resumes_on_a_new_connection",
        "media/test_browser.py::test_a_subscriber_resumes",
    ],
    "2 notice": [
        "media/test_browser.py::test_a_page_that_vanishes_is_noticed",
        "media/test_forwarder.py::"
        "test_silence_is_told_within_a_tick_of_two_seconds_and_ends_with_a_packet",
        "media/test_forwarder.py::test_a_line_over_which_nothing_flows_gives_a_sign_every_second",
    ],
    "3 kill -9, twenty times": ["faults/test_kill.py::test_kill_nine_while_on_record"],
    "4 decodes": [
        "media/test_browser.py::test_the_recorder_gets_media_that_decodes",
        "recordings/test_writer.py::test_packets_become_segments_that_decode",
        "recordings/test_track.py::test_a_change_of_size_begins_a_segment",
        "recordings/test_timeline.py::test_segments_and_gaps_cover_every_stretch_once",
    ],
    "5 sound and picture": [
        "media/test_browser.py::test_sound_and_picture_of_a_seat_stay_together",
        "media/test_bad_lines.py::"
        "test_sound_and_picture_stay_together_through_losses_and_a_new_connection",
    ],
    "6 no storm of keyframe requests": [
        "media/test_forwarder.py::test_twenty_joins_in_a_second_cost_three_keyframes",
        "media/test_forwarder.py::test_a_keyframe_is_asked_for_again_until_it_comes",
    ],
    "7 no ratchet": ["media/test_bad_lines.py::test_losses_leave_no_delay_behind"],
    "8 poor line": [
        "media/test_adaptation.py::test_at_150_kbits_sound_arrives_and_video_says_that_it_waits",
        "media/test_shaped_line.py::"
        "test_sound_passes_a_line_of_300_kbits_and_the_picture_comes_back",
        "media/test_layers.py::test_one_listeners_misery_is_nobody_elses",
    ],
    "9 load": [
        "signaling/test_capacity.py::test_one_more_is_refused_over_the_wire_and_nobody_else_notices",
        "media/test_browser.py::test_the_loop_is_never_held_for_long",
        "media/test_engine.py::test_a_stalled_subscriber_delays_nobody_and_is_given_up",
        "media/test_engine.py::test_a_subscriber_that_dies_leaves_the_publisher_alone",
    ],
    "10 isolation": [
        "media/test_browser.py::test_the_lobby_receives_no_packet",
        "media/test_browser.py::test_a_private_space_isolates",
        "media/test_forwarder.py::test_a_channel_reaches_those_who_chose_it_and_nobody_else",
        "media/test_forwarder.py::test_a_forged_stream_is_ignored",
        "media/test_fuzz.py::test_datagrams_of_strangers_through_a_real_socket",
        "media/test_networks.py::test_no_packet_goes_to_anybody_who_did_not_come",
        "media/test_networks.py::test_with_udp_blocked_the_page_finds_its_way",
    ],
    "11 soak": ["media/test_soak.py::test_five_minutes_of_coming_and_going_leaves_nothing_behind"],
    "12 fail loud": [
        "faults/test_alarms.py::test_every_fault_is_on_the_hosts_page_in_time",
        "faults/test_beside_janus.py::test_what_was_recorded_before_a_kill_decodes",
    ],
    "bad input": [
        "media/test_rebase.py::test_another_codec_in_mid_call_is_dropped_and_the_stream_goes_on",
        "media/test_rebase.py::test_another_resolution_in_mid_call_breaks_nothing",
        "media/test_rebase.py::test_the_listener_gets_one_unbroken_stream",
        "media/test_engine.py::test_malformed_packets_of_an_authenticated_peer_harm_nobody",
    ],
}


@pytest.mark.parametrize(("check", "name"), listed.pairs(CHECKS))
def test_the_check_has_its_test(check: str, name: str) -> None:
    listed.assert_runs(check, name)
