import { useMemo } from "preact/hooks";
import { useActivity, useLines, useParticipants } from "../api/queries.ts";
import type { ConversationState, Line, PhoneNumber, Preview, Sid } from "../api/types.ts";
import { type PhoneMember, phonesOf, useMemberNames } from "../conversations/members.ts";
import { formatPhone } from "../format/phone.ts";
import { usePermission, useSession } from "../person/current.ts";
import { isLarge, type Known, reasonsOfActivity, type Situation, situationOf, usableLines } from "./situation.ts";
import { usePreview } from "./use-preview.ts";

/** `line` is the one that the person has chosen. */
type Written = { line: PhoneNumber | null; body: string; hasFiles: boolean };

export type Surroundings = {
  /** Null until the members are known. */
  situation: Situation | null;
  preview: Preview | null;
  /** The line to send from; null leaves the only one to the API. */
  author: PhoneNumber | null;
  members: PhoneMember[];
  /** The lines of the conversation that the person may use. */
  lines: Line[];
  /** What a member with a phone is called. */
  nameOf: (number: PhoneNumber) => string;
};

/** What is around a text that is being written: who gets it, from which line, and what the server would say of it. */
export function useSurroundings(conversation: Sid, state: ConversationState, written: Written): Surroundings {
  const participants = useParticipants(conversation).data;
  const lines = useLines().data;
  const { activity } = useActivity(conversation);
  const self = useSession().user.identity;
  const mayWriteAsLine = usePermission("writeAsLine");

  const missing = useMemo(() => [...reasonsOfActivity(activity ?? [])].flat().join(), [activity]);
  const known: Omit<Known, "preview"> | null = useMemo(
    () =>
      participants && lines ? { state, participants, lines, activity: activity ?? [], self, mayWriteAsLine } : null,
    [state, participants, lines, activity, self, mayWriteAsLine],
  );
  const now = known && situationOf({ ...known, preview: null });
  const choices = now?.kind === "open" ? now.lines : [];
  const author = (choices.find(({ address }) => address === written.line) ?? choices[0])?.address ?? null;
  const isWritten = written.body.trim() !== "" || written.hasFiles;
  const answer = usePreview(
    { conversation, author, body: written.body, missing },
    known !== null && isAsked(known, now, isWritten),
  );
  const preview = answer?.preview ?? null;
  const isCurrent = answer?.missing === missing;
  const members = phonesOf(participants ?? []);
  const calledOf = useMemberNames(conversation);
  return {
    situation: known && situationOf({ ...known, preview: isCurrent ? preview : null }),
    preview,
    author,
    members,
    lines: known ? usableLines(known) : [],
    nameOf: (number) => {
      const member = members.find((one) => one.number === number);
      return (member && calledOf(member)) ?? formatPhone(number);
    },
  };
}

/**
 * Whether the server is asked: when something is written, and before that where what is known here may be wrong. Who
 * opted out here may have opted in again elsewhere, and a large group is too large for some carriers only.
 */
function isAsked(known: Pick<Known, "participants" | "lines">, now: Situation | null, isWritten: boolean): boolean {
  if (now?.kind === "nobody-left") return true;
  return now?.kind === "open" && (isWritten || now.missing.length > 0 || isLarge(known));
}
