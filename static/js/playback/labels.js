// @ts-check
/** What a chapter, a gap and a source are called. Codes come from the journal; labels are ours. */
import { N_, t } from "../i18n.js";
import { languageName } from "../language.js";

/** @typedef {import("./model.js").Chapter} Chapter */
/** @typedef {import("./model.js").Seat} Seat */

const PLAIN = /** @type {Record<string, string>} */ ({
  "phase.lobby": N_("Lobby open"),
  "phase.roll_call": N_("Roll call, not recorded"),
  "phase.on_record": N_("On record"),
  "phase.off_record": N_("Off record"),
  "phase.recess": N_("Recess"),
  "phase.tech_suspended": N_("Suspended for a technical fault"),
  "phase.adjourned": N_("Adjourned"),
  "phase.reserved_for_judgment": N_("Reserved for judgment"),
  "phase.closed": N_("Closed"),
  roll_call: N_("Roll call"),
  publicity: N_("Publicity changed"),
  "private.opened": N_("Private consultation begins, nothing is recorded"),
  "private.ended": N_("Private consultation ends"),
  "exhibit.shown": N_("An exhibit is shown"),
  "exhibit.page": N_("A page of the exhibit is shown"),
  "exhibit.withdrawn": N_("The exhibit is taken away"),
  "exhibit.admitted": N_("The court admits an exhibit"),
  "exhibit.refused": N_("The court refuses an exhibit"),
  "recording.started": N_("Recording begins"),
  "recording.stopped": N_("Recording stops"),
  "recording.alarm": N_("Alarm: the record was not proven"),
  "recording.warning": N_("Warning about the record"),
  "recording.noted": N_("The court took note of an alarm of the record"),
  "recording.interrupted": N_("The record was interrupted"),
  turn: N_("A page of the deed is shown to everybody"),
  "act.opened": N_("The notary begins the act, without an interest of their own"),
  "act.read": N_("The deed was read and explained"),
  "act.changed": N_("The text was changed"),
  "act.suspend": N_("The session was suspended"),
  "act.resumed": N_("The act goes on"),
  "act.convert": N_("It was converted to in-person"),
  "act.sealed": N_("The notary signed and sealed"),
  "majlis.united": N_("All whose presence the contract needs are here together"),
  "majlis.read": N_("The contract was read aloud"),
  "majlis.suspended": N_("The session was suspended"),
  "majlis.resumed": N_("The sitting goes on"),
  "majlis.void.off_record": N_("Offer and acceptance are void: the record stopped"),
  "majlis.void.suspended": N_("Offer and acceptance are void: the sitting was interrupted"),
});

/** What the notary asked, by its code (notary/deeds/conduct.py). */
const QUESTIONS = /** @type {Record<string, string>} */ ({
  understands: N_("Tell me in your own words what you want to do with this deed."),
  free: N_("Does anybody force you or press you? Is anybody else in the room?"),
  well: N_("Have you taken anything that clouds your mind? Do you feel well?"),
  standing: N_("In which capacity do you act, and by which document?"),
  faithful: N_("Do you swear to do your task with honesty and truth? Where are you registered?"),
  in_place: N_("Do you sign at this person's own wish? Do you gain anything from this act?"),
});

const WITH_NAME = /** @type {Record<string, string>} */ ({
  floor: N_("%(name)s has the floor."),
  identity: N_("Identity of %(name)s checked"),
  "identity.not_proved": N_("Identity of %(name)s checked and not proved"),
  "identity.leave": N_("The presiding judge admits %(name)s, whose identity is not proved"),
  "alone.asked": N_("%(name)s is asked to show the room"),
  "alone.declared": N_("%(name)s declares to be alone in the room"),
  "alone.confirmed": N_("The court saw that %(name)s is alone in the room"),
  "alone.not_alone": N_("%(name)s is not alone in the room"),
  "oath.taken": N_("%(name)s takes the oath"),
  "oath.affirmed": N_("%(name)s affirms instead of an oath"),
  "oath.refused": N_("%(name)s refuses the oath"),
  "oath.not_sworn": N_("%(name)s is heard without an oath, too young for it"),
  look: N_("The court looks at %(name)s to check the identity"),
  attestation: N_("The officer attests the identity of %(name)s"),
  mute: N_("%(name)s is muted by the court"),
  unlock: N_("%(name)s may speak again"),
  cannot_hear: N_("%(name)s cannot hear."),
  missed: N_("%(name)s missed a part"),
  "missed.noted": N_("The court took note of what %(name)s missed"),
  "line.cut": N_("The line of %(name)s is cut"),
  "line.back": N_("The line of %(name)s is back"),
  "media.silent": N_("Nothing comes in from %(name)s at the moment."),
  "media.back": N_("%(name)s is heard and seen again"),
  "seat.joined": N_("%(name)s connects"),
  "seat.left": N_("%(name)s leaves"),
  "seat.admitted": N_("%(name)s comes into the hearing"),
  "seat.to_lobby": N_("%(name)s goes back to the lobby"),
  "seat.removed": N_("%(name)s is removed"),
  "seat.readmitted": N_("%(name)s may come back"),
  "act.identity": N_("Identity of %(name)s checked"),
  "act.question": N_("The notary asks %(name)s"),
  "act.capacity": N_("%(name)s was found capable and free"),
  "act.oath": N_("%(name)s takes the oath"),
  "act.consent": N_("%(name)s consents"),
  "act.signed": N_("%(name)s signs the deed"),
  "majlis.verified": N_("Identity of %(name)s checked"),
  "majlis.replaced": N_("Another device took the seat of %(name)s"),
  "majlis.consent.given": N_("%(name)s consents freely, heard alone"),
  "majlis.consent.refused": N_("%(name)s does not consent"),
  "majlis.offer.spoken": N_("%(name)s makes the offer"),
  "majlis.offer.written": N_("%(name)s makes the offer in writing"),
  "majlis.offer.signed": N_("%(name)s makes the offer in sign language"),
  "majlis.acceptance.spoken": N_("%(name)s accepts the offer"),
  "majlis.acceptance.written": N_("%(name)s accepts the offer in writing"),
  "majlis.acceptance.signed": N_("%(name)s accepts the offer in sign language"),
  "majlis.heard": N_("%(name)s heard offer and acceptance"),
  "majlis.signed": N_("%(name)s signs the contract"),
  "majlis.void.dropped": N_("Offer and acceptance are void: %(name)s dropped out"),
  "majlis.void.line": N_("Offer and acceptance are void: the line of %(name)s was too poor to hear"),
  "majlis.void.device": N_("Offer and acceptance are void: another device took the seat of %(name)s"),
  "majlis.void.consent": N_("Offer and acceptance are void: %(name)s does not consent"),
  "majlis.void.cannot_hear": N_("Offer and acceptance are void: %(name)s could not hear"),
});

const REASONS = /** @type {Record<string, string>} */ ({
  absent: N_("Not sent"),
  no_media: N_("Nothing came in"),
  lost: N_("Lost on the way"),
  interrupted: N_("The server stopped"),
  off_record: N_("Off record"),
  recess: N_("Recess"),
  suspended: N_("Suspended for a technical fault"),
  closed: N_("Closed"),
  muted: N_("Muted"),
  private: N_("Private consultation"),
  sealed: N_("Sealed by the court"),
  outside_order: N_("Not covered by your order"),
  protected: N_("A protected person: the picture is withheld"),
  channel: N_("Spoke elsewhere: to the floor or into another language"),
});

const SOURCES = { microphone: N_("Microphone"), camera: N_("Camera"), screen: N_("Screen") };

/** @param {string} reason */
export const reasonText = (reason) => t(REASONS[reason] ?? N_("Nothing is kept here"));

/** @param {string} source */
export function sourceText(source) {
  if (source.startsWith("channel-")) return t("Interpreter into %(language)s", { language: languageName(source.slice("channel-".length)) });
  return t(SOURCES[/** @type {keyof typeof SOURCES} */ (source)] ?? source);
}

/**
 * @param {Chapter} chapter
 * @param {Map<string, Seat>} seats
 */
export function chapterText(chapter, seats) {
  const words = chapter.text ?? "";
  if (chapter.type === "note") return words;
  if (chapter.type === "agenda" && chapter.title) return t(chapter.title);
  const name = chapter.seat ? (seats.get(chapter.seat)?.name ?? "") : "";
  const { seconds } = chapter;
  if (chapter.type === "missed" && name && seconds) return t("%(name)s missed %(seconds)s seconds of the sitting.", { name, seconds });
  const channel = name && chapter.channel ? channelText(chapter.type, name, chapter.channel) : null;
  if (channel !== null) return channel;
  const withName = WITH_NAME[chapter.type];
  const label = withName && name ? t(withName, { name }) : t(PLAIN[chapter.type] ?? chapter.title ?? N_("Entry of the log"));
  const asked = chapter.type === "act.question" ? QUESTIONS[chapter.code ?? ""] : undefined;
  return [label, asked ? t(asked) : "", words].filter(Boolean).join(" · ");
}

/** Who interpreted into what, and who listened to what. @param {string} type @param {string} name @param {string} channel */
function channelText(type, name, channel) {
  const language = channel === "floor" ? "" : languageName(channel);
  if (type === "interpreting") {
    return language === "" ? t("%(name)s speaks to the floor", { name }) : t("%(name)s interprets into %(language)s", { name, language });
  }
  if (type !== "listening") return null;
  return language === "" ? t("%(name)s hears the floor", { name }) : t("%(name)s listens to %(language)s", { name, language });
}
