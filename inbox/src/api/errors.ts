/** What an error of a request means for who has asked. */

import { ApiError } from "../../../clients/javascript/rest.js";
import { NoAnswerError } from "../session/session-ended.ts";

/** Whether an error says that something does not exist, or is not to be seen. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Whether the same request may be answered later: there was no answer, or the server could not give one for now. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof NoAnswerError) return true;
  if (!(error instanceof ApiError)) return false;
  const { status } = error;
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
