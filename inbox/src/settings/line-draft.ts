/** A line as an administrator is changing it. Pure. */

import type { Query } from "../api/pages.ts";
import { KEYWORDS, type Keyword, type Line, type Sid } from "../api/types.ts";

export type LineDraft = {
  label: string;
  /** Its name in automatic answers. */
  company: string;
  autoCreation: Line["auto_creation"];
  isForEveryone: boolean;
  /** The identities that use it, if it is not for everyone. */
  users: string[];
  smsPrice: string;
  mmsPrice: string;
  replies: Record<Keyword, string>;
};

/** Who uses a line: everyone of the Service, or some. */
export function usersOf(line: Line, service: Sid): { isForEveryone: boolean; users: string[] } {
  const everyone = ["*", `${service}/*`];
  const users = line.users ?? [];
  return {
    isForEveryone: users.some((user) => everyone.includes(user)),
    users: users.filter((user) => !everyone.includes(user)),
  };
}

/** Begin to change a line. */
export function draftOf(line: Line, service: Sid): LineDraft {
  return {
    label: line.label ?? "",
    company: line.friendly_name ?? "",
    autoCreation: line.auto_creation,
    ...usersOf(line, service),
    smsPrice: line.sms_price ?? "",
    mmsPrice: line.mms_price ?? "",
    replies: { stop: "", start: "", help: "", ...line.replies },
  };
}

/** The parameters of what differs from the line as it is. */
export function changesOf(draft: LineDraft, line: Line, service: Sid): Query {
  const now = draftOf(line, service);
  const form: Query = {};
  const set = (name: string, value: string, before: string) => {
    if (value.trim() !== before) form[name] = value.trim();
  };
  set("Label", draft.label, now.label);
  set("FriendlyName", draft.company, now.company);
  set("AutoCreation", draft.autoCreation, now.autoCreation);
  set("SmsPrice", draft.smsPrice, now.smsPrice);
  set("MmsPrice", draft.mmsPrice, now.mmsPrice);
  set("Replies", repliesOf(draft), repliesOf(now));
  const users = namesOf(draft, service);
  if (users.join("\n") !== namesOf(now, service).join("\n")) form.Users = users.length > 0 ? users : "";
  return form;
}

/** Whether a text is a price, or empty for none. */
export function isPrice(text: string): boolean {
  return /^(\d{1,9}(\.\d{1,9})?)?$/.test(text.trim());
}

function repliesOf({ replies }: LineDraft): string {
  const given = KEYWORDS.filter((keyword) => replies[keyword].trim() !== "");
  return JSON.stringify(Object.fromEntries(given.map((keyword) => [keyword, replies[keyword].trim()])));
}

function namesOf({ isForEveryone, users }: LineDraft, service: Sid): string[] {
  return isForEveryone ? [`${service}/*`] : [...users].sort();
}
