/** Why a conversation was not created, in words for people. Pure. */

import { ApiError } from "../../../clients/javascript/rest.js";
import type { PreviewProblem } from "../api/types.ts";
import { formatPhonesIn } from "../format/phone.ts";
import type { Recipient } from "../navigation/new-conversation.ts";
import { words } from "../words/words.ts";
import { nameOfNumber } from "./recipients.ts";

/** The codes of a set of people that has a conversation already: of a group, and of a pair. */
export const EXISTS = new Set([50438, 50416]);

/** Say why the API refused to create or to preview a conversation. */
export function refusalText(error: unknown, recipients: Recipient[]): string {
  const say = words.newConversation.refusal;
  if (!(error instanceof ApiError)) return words.app.failed;
  if (error.status === 0) return say.unreachable;
  if (error.status === 429 || error.status >= 500) return say.busy;
  return problemText({ code: error.code, message: error.message, details: error.details ?? {} }, recipients);
}

/** Say what a preview found wrong. */
export function problemText({ code, message, details }: PreviewProblem, recipients: Recipient[]): string {
  const say = words.newConversation.refusal;
  const address = typeof details.address === "string" ? details.address : null;
  switch (code) {
    case 50407:
      return address ? say.number(nameOfNumber(address, recipients)) : say.anyNumber;
    case 50436:
    case 50426:
      return typeof details.limit === "number" ? say.carrier(details.limit) : say.people(9);
    case 50107:
      if (address) return say.notMine(nameOfNumber(address, recipients));
      return details.line ? say.line : say.permission;
    case 50416:
    case 50438:
      return say.hidden;
    case 21610:
      return say.optedOut;
    case 20409:
      return details.participants ? say.doNotDisturb : formatPhonesIn(message);
    default:
      return formatPhonesIn(message);
  }
}
