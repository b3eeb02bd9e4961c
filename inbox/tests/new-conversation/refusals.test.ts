import { expect, test } from "vitest";
import { ApiError } from "../../../clients/javascript/rest.js";
import type { Recipient } from "../../src/navigation/new-conversation.ts";
import { refusalText } from "../../src/new-conversation/refusals.ts";

const kay: Recipient = { number: "+12065550152", name: "Kay", contact: "CT1", label: "" };

test.each([
  [{ status: 400, code: 50436, details: { limit: 8, carrier: "telnyx" } }, "takes 8 people at most"],
  [{ status: 400, code: 50426, details: { reason: "at most 10" } }, "9 people are the most"],
  [{ status: 400, code: 50407, details: { address: kay.number } }, "Kay cannot be in this conversation"],
  [{ status: 400, code: 50407, details: { address: "+12065550153" } }, "(206) 555-0153 cannot be"],
  [{ status: 403, code: 50107, details: { address: kay.number } }, "Kay is no contact of yours"],
  [{ status: 403, code: 50107, details: { line: "+12065550100" } }, "no longer among the users of this line"],
  [{ status: 403, code: 50107, details: { missing: ["createConversation"] } }, "Your role"],
  [{ status: 409, code: 50438, details: {} }, "you do not see it"],
  [{ status: 409, code: 50416, details: {} }, "you do not see it"],
  [{ status: 400, code: 21610, details: { participants: ["MB1"] } }, "everybody opted out"],
  [{ status: 409, code: 20409, details: { participants: ["MB1"] } }, "nobody here wants messages"],
  [{ status: 0, code: 0 }, "There is no connection"],
  [{ status: 429, code: 20429 }, "busy"],
  [{ status: 503, code: 20503 }, "busy"],
  [{ status: 400, code: 50513 }, "as the API says it, of (206) 555-0100"],
])("%o is said in words", (about, words) => {
  expect(refusalText(new ApiError("as the API says it, of +12065550100", about), [kay])).toContain(words);
});

test("whatever else is thrown says nothing of its inside", () => {
  expect(refusalText(new TypeError("x is undefined"), [kay])).toBe("Something went wrong.");
});
