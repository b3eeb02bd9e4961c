/** Who may be added to a new conversation, and why not. Pure. */

import type { Contact, Line, PhoneNumber } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import type { Kind, Recipient } from "../navigation/new-conversation.ts";
import { words } from "../words/words.ts";

/** A recipient that is offered. `problem` says why it cannot be added; null if it can. */
export type Choice = Recipient & { key: string; problem: string | null };

/** A number that was typed. `country` is unknown for a number that belongs to several. */
export type TypedNumber = { number: PhoneNumber; country: string | null };

/** `isLimited`: the person may text their own contacts only, which are all that a search finds for them. */
type Situation = { kind: Kind; chosen: Recipient[]; limit: number; isLimited?: boolean };

/** Group texts reach phones of these countries alone. */
const GROUP_COUNTRIES = new Set(["US", "CA"]);

/** What is offered for what was typed: contacts, each with all its numbers, and the number itself. */
export function buildChoices(contacts: Contact[], typed: TypedNumber | null, situation: Situation): Choice[] {
  const known = contacts.flatMap((contact) => choicesOf(contact, situation));
  const isKnown = typed && known.some(({ number }) => number === typed.number);
  if (!typed || isKnown) return known;
  const bare = { number: typed.number, name: null, contact: null, label: "" };
  const notMine = situation.isLimited ? words.newConversation.problem.notMine : null;
  const problem = problemOf(bare, situation) ?? notMine ?? countryProblem(typed, situation.kind);
  return [{ ...bare, key: typed.number, problem }, ...known];
}

/**
 * Whether a contact is one that a search would find: those of the search before stand there until the answer to this one
 * comes, and Enter adds the first.
 */
export function isFoundBy({ friendly_name: name, numbers }: Contact, search: string): boolean {
  const digits = search.replace(/\D/g, "");
  if (digits.length > 2 && numbers.some(({ number }) => number.endsWith(digits))) return true;
  const known = wordsOf(name);
  return wordsOf(search).every((word) => known.some((one) => one.startsWith(word)));
}

function wordsOf(text: string): string[] {
  const plain = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

function choicesOf(contact: Contact, situation: Situation): Choice[] {
  const numbers = [...contact.numbers].sort((a, b) => Number(b.primary) - Number(a.primary));
  return numbers.map(({ number, label }) => {
    const recipient = { number, name: contact.friendly_name, contact: contact.sid, label };
    const unwanted = contact.do_not_disturb ? words.newConversation.problem.doNotDisturb : null;
    const problem = unwanted ?? problemOf(recipient, situation);
    return { ...recipient, key: `${contact.sid} ${number}`, problem };
  });
}

function problemOf(recipient: Recipient, { kind, chosen, limit }: Situation): string | null {
  const { problem } = words.newConversation;
  if (kind === "single" && chosen.length > 0) return problem.single;
  const isChosen = (one: Recipient) => one.number === recipient.number;
  if (chosen.some(isChosen)) return problem.chosen;
  if (recipient.contact && chosen.some(({ contact }) => contact === recipient.contact)) return problem.contactChosen;
  if (kind === "group" && chosen.length >= limit) return problem.full(limit);
  return null;
}

function countryProblem({ country }: TypedNumber, kind: Kind): string | null {
  return kind === "group" && country !== null && !GROUP_COUNTRIES.has(country)
    ? words.newConversation.problem.country
    : null;
}

/** What to call a recipient. */
export function recipientName(recipient: Recipient): string {
  return recipient.name ?? formatPhone(recipient.number);
}

/** How many a line can text at once, by its carrier; null for a line without groups. */
export function limitOf(line: Line | undefined): number {
  return line?.max_group_recipients ?? 0;
}

/** What to call a number: by its recipient, if it is among these. */
export function nameOfNumber(number: PhoneNumber, recipients: Recipient[]): string {
  const recipient = recipients.find((one) => one.number === number);
  return recipient ? recipientName(recipient) : formatPhone(number);
}

/** The lines for a new conversation: for a group those that can do groups. */
export function usableLines(lines: Line[], kind: Kind): Line[] {
  return kind === "group" ? lines.filter(({ group_messaging: can }) => can) : lines;
}

/** What the dialog asks for. */
export type NewConversation = {
  kind: Kind;
  line: PhoneNumber;
  recipients: Recipient[];
  name: string;
};

/** The members as the API takes them, each a JSON text: the line stands in a group itself, and behind a single phone. */
export function participantsOf({ kind, line, recipients }: NewConversation): string[] {
  const members = recipients.map(({ number, contact }) => ({
    ...(contact ? { contact_sid: contact } : {}),
    messaging_binding: { address: number, ...(kind === "single" ? { proxy_address: line } : {}) },
  }));
  const own = kind === "group" ? [{ messaging_binding: { projected_address: line } }] : [];
  return [...own, ...members].map((one) => JSON.stringify(one));
}
