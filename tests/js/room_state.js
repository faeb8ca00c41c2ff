// A sitting of nine for the tests of the live room's modules.

/** @param {string} id @param {string} role */
export const seat = (id, role, change = {}) => ({
  id,
  role,
  role_title: role,
  name: id,
  represents: [],
  acts_for: "",
  place: "hearing",
  present: true,
  identity: "account",
  document: "",
  unproved: false,
  alone: "",
  shows_room: false,
  oath: "",
  oath_rule: null,
  attestation: null,
  kit: null,
  line: "good",
  sources: { microphone: true, camera: true, screen: false },
  permitted: ["microphone", "camera"],
  locked: false,
  hand: null,
  floor: false,
  cannot_hear: false,
  roll: "",
  silent: [],
  heard: false,
  missed_seconds: 0,
  guest: false,
  id_last4: "",
  room: null,
  interprets: [],
  speaks: "",
  listens: "",
  ...change,
});

const EVERYBODY = () => [
  seat("judge", "presiding_judge"),
  seat("clerk", "clerk"),
  seat("prosecutor", "prosecutor"),
  seat("accused", "accused", { room: "room1" }),
  seat("counsel", "counsel", { represents: ["accused"] }),
  seat("victim", "victim"),
  seat("interpreter", "interpreter"),
  seat("witness", "witness", { guest: true }),
];

/** @param {string} me */
export function makeState(me, change = {}) {
  const { place = "hearing", operates = false, only, seats = EVERYBODY(), ...rest } = change;
  const shown = seats.filter((s) => !only || only.includes(s.id)).map((s) => (s.id === me ? { ...s, place } : s));
  return {
    version: 1,
    sitting: {
      id: "s1", case_number: "2026/114", case_title: "Case", kind: "criminal_hearing", kind_title: "Criminal hearing",
      languages: ["ar"], starts_at: "2026-11-21T06:00:00Z", duration_minutes: 60, recording: "required", public: true, private_consultation: true,
    },
    phase: "on_record",
    phase_since: "2026-11-21T06:00:00Z",
    delay: null,
    recess_until: null,
    outcome: null,
    record: { state: "off", since: null, verified_at: null, clock_ms: 0, tracks: [] },
    me: {
      seat: me, role: shown.find((s) => s.id === me)?.role ?? "", host: ["judge", "clerk"].includes(me), operates_room: operates,
      place, locked: false, may: [], why_not: {}, private: null, missed: [],
      looks_at: null, looked_at: false,
    },
    seats: shown,
    floor: null,
    agenda: [],
    notes: [],
    private: [],
    channels: [],
    ...rest,
  };
}
