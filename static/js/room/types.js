// @ts-check
/**
 * The shapes of docs/protocol.md, version 1, as the page reads them.
 *
 * @typedef {"microphone" | "camera" | "screen"} Source
 * @typedef {"outside" | "lobby" | "witness_room" | "hearing" | "private" | "removed"} Place
 * @typedef {"good" | "poor" | "bad" | ""} Grade
 *
 * @typedef {object} Attestation
 * @property {boolean} identity
 * @property {boolean} restraints_off
 * @property {string} others
 * @property {string} [at]
 *
 * @typedef {object} KitResult
 * @property {"ok" | "fail"} camera
 * @property {"ok" | "fail"} microphone
 * @property {"ok" | "fail" | "unknown"} speaker
 * @property {number | null} round_trip_ms
 * @property {number | null} loss  share 0..1
 * @property {"good" | "poor" | "bad"} result
 *
 * @typedef {object} Seat
 * @property {string} id
 * @property {string} role
 * @property {string} role_title
 * @property {string} name
 * @property {string[]} represents
 * @property {string} acts_for  the one who is booked, where a deputy sits here; else empty
 * @property {Place} place
 * @property {boolean} present
 * @property {"unknown" | "account" | "verified" | "not_proved" | ""} identity
 * @property {Attestation | null} attestation
 * @property {KitResult | null} kit
 * @property {Grade} line
 * @property {string[]} [line_why] why it is not good, worst first
 * @property {Record<Source, boolean>} sources
 * @property {Source[]} permitted
 * @property {boolean} locked
 * @property {boolean | null} presents has leave to show exhibits; null: such a seat has never
 * @property {string | null} hand  since when
 * @property {boolean} floor
 * @property {boolean} cannot_hear
 * @property {"present" | "absent" | "represented" | ""} roll
 * @property {Source[]} silent what should send and does not
 * @property {"" | "taken" | "affirmed" | "refused" | "not_sworn"} oath
 * @property {string} document shown at the check of the identity; a code
 * @property {boolean} unproved in the hearing by leave although the identity is not proved
 * @property {"" | "asked" | "declared" | "confirmed" | "not_alone"} alone
 * @property {boolean} shows_room the rule asks this role to show the room
 * @property {{ ar: string, en: string, source: string, from_age: number } | null} oath_rule
 * @property {boolean} heard a witness or expert who has been heard
 * @property {number} missed_seconds
 * @property {string | null} [missing_since] hears nothing of the sitting, since
 * @property {boolean} guest
 * @property {boolean} [screened] a protected person, of whom this page gets neither name nor media
 * @property {string} id_last4
 * @property {string | null} room
 * @property {string[]} interprets languages into which an interpreter may speak
 * @property {string} speaks the channel that the microphone goes to; empty: the floor
 * @property {string | null} listens the channel that is heard; empty: the floor alone; null: not
 *   for this page to know
 * @property {boolean} missing_noted a host took note of what is being missed now
 * @property {Absence[]} absences for hosts: what was missed, complete
 *
 * @typedef {object} Missed
 * @property {string} from
 * @property {string} to
 * @property {number} seconds
 * @property {string} why
 *
 * @typedef {Missed & { noted_by: string, noted_at: string | null }} Absence
 *
 * @typedef {object} Me
 * @property {string} seat
 * @property {string} role
 * @property {boolean} host
 * @property {boolean} operates_room an officer sits at this page for the detained person
 * @property {Place} place
 * @property {boolean} locked
 * @property {string[]} may
 * @property {Record<string, { code: string, message: string, params?: Record<string, string | number> }>} why_not
 * @property {string | null} private the private room of this seat, open or not
 * @property {Missed[]} missed
 * @property {string | null} [missing_since] this seat hears nothing of the sitting, since
 * @property {string | null} looks_at a host's: the seat that waits whose camera this page gets
 * @property {boolean} files_exhibits may file an exhibit
 * @property {boolean} looked_at a host sees the camera of this page, which waits
 *
 * @typedef {object} Sitting
 * @property {string} id
 * @property {string} case_number
 * @property {string} case_title
 * @property {string} kind
 * @property {string} kind_title
 * @property {string[]} languages
 * @property {string} starts_at
 * @property {number} duration_minutes
 * @property {"required" | "optional" | "forbidden"} recording
 * @property {boolean} public
 * @property {boolean} private_consultation
 *
 * @typedef {object} TrackProof
 * @property {string} seat
 * @property {string} source a Source, or channel-<language>
 * @property {boolean} ok
 * @property {string} reason code of what is wrong or odd
 * @property {string} reason_text the same in words
 * @property {number | null} level_db loudness of the newest sound, 0 loudest
 * @property {number | null} luma mean luminance of the newest picture, 0..255
 * @property {string | null} verified_at
 *
 * @typedef {object} RecordAlarm
 * @property {number} id
 * @property {string} at
 * @property {string} code
 * @property {string} text
 * @property {{ seat: string, source: string }[]} tracks
 * @property {boolean} suspends
 * @property {string} noted_by the host's seat that took note of it
 * @property {string | null} noted_at
 *
 * @typedef {object} Record_
 * @property {"off" | "starting" | "recording" | "suspended" | "interrupted" | "forbidden"} state
 * @property {string | null} since
 * @property {string | null} verified_at
 * @property {number | null} clock_ms
 * @property {TrackProof[]} tracks
 * @property {RecordAlarm[]} alarms for hosts
 *
 * @typedef {object} AgendaItem
 * @property {string} id
 * @property {string} title
 * @property {string} source
 * @property {"open" | "current" | "done" | "skipped"} state
 * @property {string | null} at
 *
 * @typedef {object} Exhibit
 * @property {string} id
 * @property {string} mark as everybody calls it: P-1
 * @property {string} title
 * @property {number} pages
 * @property {string} by name of who filed it
 * @property {boolean} mine
 * @property {boolean} sealed
 * @property {"offered" | "admitted" | "refused"} ruling
 *
 * @typedef {{ id: string, mark: string, title: string, page: number, pages: number, by: string }} ShownExhibit
 *
 * @typedef {object} Note
 * @property {string} at
 * @property {number | null} clock_ms
 * @property {string} by
 * @property {string} text
 *
 * @typedef {object} PrivateRoom
 * @property {string} id
 * @property {string[]} seats
 * @property {"invited" | "waiting_officer" | "open"} state
 * @property {string | null} since
 * @property {string} by
 * @property {string[]} accepted
 * @property {string[]} officers_out
 *
 * @typedef {object} Channel an interpreter's channel that may be chosen
 * @property {string} language
 * @property {string[]} seats who speaks into it now
 * @property {number | null} listeners for hosts and interpreters
 *
 * @typedef {object} RoomState
 * @property {number} version
 * @property {Sitting} sitting
 * @property {string} phase
 * @property {string} phase_since
 * @property {{ minutes: number, until: string } | null} delay
 * @property {string | null} recess_until
 * @property {{ reason: string, adjourned_to: string | null } | null} outcome
 * @property {Record_} record
 * @property {Me} me
 * @property {Seat[]} seats
 * @property {string | null} floor
 * @property {AgendaItem[]} agenda
 * @property {{ document: string, page: number, pages: number } | null} reading the deed that is read
 * @property {ShownExhibit | null} exhibit what everybody sees now, where this seat may see it
 * @property {Exhibit[]} exhibits that this seat knows of
 * @property {Note[]} notes
 * @property {PrivateRoom[]} private
 * @property {Channel[]} channels
 *
 * @typedef {{ seat: string, source: Source }} Slot
 *
 * @typedef {{ text: string, params?: Record<string, string | number> }} Phrase a message id and
 *   its values: the pure modules never translate
 */
export {};
