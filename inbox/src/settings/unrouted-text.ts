/** What the settings say of an unrouted text. Pure. */

import type { UnroutedText } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { settingsWords } from "../words/settings-words.ts";

const say = settingsWords.unrouted;

/** Where a text went, and what was with it: "to Front desk · in a group of 3 · 1 file". */
export function describeText(text: UnroutedText, nameOfLine: (line: string) => string): string {
  // The sender and all recipients.
  const people = text.recipients.length + 1;
  const parts = [
    text.line && say.to(nameOfLine(text.line)),
    text.recipients.length > 1 && say.group(people),
    text.media.length > 0 && say.files(text.media.length),
  ];
  return parts.filter(Boolean).join(" · ");
}

/** The sender as people read it; a sender without a number by its name. */
export function senderOf(text: Pick<UnroutedText, "sender">): string {
  return formatPhone(text.sender);
}
