/** What was changed of a contact, in words. Pure. */

import type { ContactChange, ContactNumber, DoNotDisturb } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { words } from "../words/words.ts";

type NameOf = (identity: string) => string;
type FieldChange = ContactChange["changes"][number];

/** Say who did something: a colleague by name, or the API, of which only the SID is known. */
export function actorName(by: string, nameOf: NameOf): string {
  return /^(AC|SK)[0-9a-f]{32}$/.test(by) ? words.contacts.api : nameOf(by);
}

/** Say what a change has changed, a line for each field. What a contact was created with is the contact itself. */
export function describeChanges({ action, changes }: ContactChange, nameOf: NameOf): string[] {
  if (action === "created" || action === "deleted" || action === "erased") return [];
  return changes.flatMap((change) => describeField(change, nameOf));
}

function describeField({ field, before, after }: FieldChange, nameOf: NameOf): string[] {
  const say = words.contacts.change;
  const ownerName = (owner: unknown) => (owner ? nameOf(String(owner)) : words.contacts.noOwner);
  switch (field) {
    case "friendly_name":
      return [say.name(String(before ?? ""), String(after ?? ""))];
    case "numbers":
      return describeNumbers(numbersIn(before), numbersIn(after));
    case "owner":
      return [say.owner(ownerName(before), ownerName(after))];
    case "do_not_disturb":
      return [after ? say.doNotDisturb((after as DoNotDisturb).reason) : say.disturb];
    case "attributes":
      return [say.attributes];
    case "merged":
      return [say.merged];
    default:
      return [];
  }
}

function numbersIn(value: unknown): ContactNumber[] {
  return Array.isArray(value) ? (value as ContactNumber[]) : [];
}

function describeNumbers(before: ContactNumber[], after: ContactNumber[]): string[] {
  const say = words.contacts.change;
  const find = (list: ContactNumber[], { number }: ContactNumber) => list.find((one) => one.number === number);
  const nameOf = ({ number, label }: ContactNumber) =>
    label ? `${formatPhone(number)} (${label})` : formatPhone(number);
  const added = after.filter((one) => !find(before, one)).map((one) => say.numberAdded(nameOf(one)));
  const removed = before.filter((one) => !find(after, one)).map((one) => say.numberRemoved(nameOf(one)));
  const labels = after.flatMap((one) => {
    const old = find(before, one);
    if (!old || old.label === one.label) return [];
    return [say.numberLabel(formatPhone(one.number), old.label || say.noLabel, one.label || say.noLabel)];
  });
  const primary = after.find((one) => one.primary);
  const wasPrimary = primary && find(before, primary)?.primary;
  const isNews = primary && !wasPrimary && before.length > 0;
  return [...added, ...removed, ...labels, ...(isNews ? [say.primary(formatPhone(primary.number))] : [])];
}
