/** Whether a person can write texts in a conversation, and who would not get them. Pure. */

import type {
  Activity,
  ConversationState,
  Line,
  Participant,
  PhoneNumber,
  Preview,
  PreviewProblem,
} from "../api/types.ts";

/** Somebody who gets nothing. */
export type Missing = { number: PhoneNumber; reason: "opted-out" | "do-not-disturb" };

/**
 * - `open`: a text can be written. `lines` are those to choose from: none where there is nothing to choose. `missing` are
 *   those who get nothing of it.
 * - All others say why not.
 */
export type Situation =
  | { kind: "open"; lines: Line[]; missing: Missing[] }
  | { kind: "closed" }
  | { kind: "no-permission" }
  | { kind: "no-member" }
  | { kind: "no-line"; numbers: PhoneNumber[] }
  | { kind: "too-large"; carrier: string; limit: number; count: number }
  | { kind: "nobody-left"; missing: Missing[] };

export type Known = {
  state: ConversationState;
  participants: Participant[];
  /** The lines that the person may use. */
  lines: Line[];
  activity: Activity[];
  /** What the server says of the next text; null while it has not been asked. */
  preview: Preview | null;
  self: string;
  mayWriteAsLine: boolean;
};

/** Twilio's code for more recipients than a carrier takes. */
const TOO_MANY_RECIPIENTS = 21653;

export function situationOf(known: Known): Situation {
  if (known.state === "closed") return { kind: "closed" };
  const barred = findBar(known);
  if (barred) return barred;
  const large = known.preview?.problems.find(({ code }) => code === TOO_MANY_RECIPIENTS);
  const phones = numbersOf(known.participants);
  if (large) return describeLarge(large, phones.length);
  const missing = missingOf(known);
  if (phones.length > 0 && missing.length === phones.length) return { kind: "nobody-left", missing };
  const usable = usableLines(known);
  return { kind: "open", lines: writesAsSelf(known) || usable.length < 2 ? [] : usable, missing };
}

/** Who may not write here at all: the API refuses whatever they write. */
function findBar(known: Known): Situation | null {
  if (writesAsSelf(known)) return null;
  const numbers = ownNumbers(known.participants);
  const isMember = known.participants.some(({ identity }) => identity === known.self);
  if (!known.mayWriteAsLine || numbers.length === 0) {
    if (isMember) return null;
    return known.mayWriteAsLine ? { kind: "no-member" } : { kind: "no-permission" };
  }
  return usableLines(known).length === 0 ? { kind: "no-line", numbers } : null;
}

/** The numbers as which staff write: those of the group, or where no phone is in it directly, those in front of phones. */
export function ownNumbers(participants: Participant[]): PhoneNumber[] {
  const projected = participants.map(({ messaging_binding: binding }) => binding?.projected_address ?? null);
  const proxies = hasNatives(participants)
    ? []
    : participants.map(({ messaging_binding: binding }) => binding?.proxy_address ?? null);
  return [...new Set([...projected, ...proxies].filter((one) => one !== null))].sort();
}

function hasNatives(participants: Participant[]): boolean {
  return participants.some(({ messaging_binding: binding }) => binding?.address && !binding.proxy_address);
}

/** Whether phones get what the person writes as a member. */
function writesAsSelf({ participants, self }: Known): boolean {
  const member = participants.find(({ identity }) => identity === self);
  if (!member) return false;
  return Boolean(member.messaging_binding?.projected_address) || !hasNatives(participants);
}

/** The lines of a conversation that the person may use. */
export function usableLines({ participants, lines }: Pick<Known, "participants" | "lines">): Line[] {
  const numbers = ownNumbers(participants);
  return lines.filter(({ address }) => numbers.includes(address));
}

function numbersOf(participants: Participant[]): PhoneNumber[] {
  return participants.flatMap(({ messaging_binding: binding }) => binding?.address ?? []);
}

function describeLarge({ details }: PreviewProblem, count: number): Situation {
  return { kind: "too-large", carrier: String(details.carrier ?? ""), limit: Number(details.limit ?? 0), count };
}

/**
 * Whether the server has to be asked before anybody writes: there are more phones than a line's carrier takes, by what is
 * known here.
 */
export function isLarge({ participants, lines }: Pick<Known, "participants" | "lines">): boolean {
  const most = lines
    .filter(({ address }) => ownNumbers(participants).includes(address))
    .map((line) => line.max_group_recipients ?? Number.POSITIVE_INFINITY);
  return hasNatives(participants) && numbersOf(participants).length > Math.min(...most);
}

/** Who gets nothing, in the order of the members: by the preview, or before there is one by what has happened here. */
function missingOf({ preview, activity, participants }: Known): Missing[] {
  const reasons = preview ? reasonsOfPreview(preview) : reasonsOfActivity(activity);
  return numbersOf(participants).flatMap((number) => {
    const reason = reasons.get(number);
    return reason ? [{ number, reason }] : [];
  });
}

type Reasons = Map<PhoneNumber, Missing["reason"]>;

function reasonsOfPreview(preview: Preview): Reasons {
  const reasons: Reasons = new Map();
  for (const send of preview.sends) {
    for (const number of send.do_not_disturb) reasons.set(number, "do-not-disturb");
    for (const number of send.opted_out) reasons.set(number, "opted-out");
  }
  return reasons;
}

/** Read who opted out, or wants no messages, of what happened here, the oldest first. */
export function reasonsOfActivity(activity: Activity[]): Reasons {
  const optedOut = new Set<PhoneNumber>();
  const undisturbed = new Set<PhoneNumber>();
  for (const { kind, address } of activity) {
    if (address === null) continue;
    if (kind === "opted_out") optedOut.add(address);
    else if (kind === "opted_in") optedOut.delete(address);
    else if (kind === "do_not_disturb_set") undisturbed.add(address);
    else if (kind === "do_not_disturb_cleared") undisturbed.delete(address);
  }
  const reasons: Reasons = new Map();
  for (const number of undisturbed) reasons.set(number, "do-not-disturb");
  for (const number of optedOut) reasons.set(number, "opted-out");
  return reasons;
}
