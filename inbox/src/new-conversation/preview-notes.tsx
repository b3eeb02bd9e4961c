import type { Line, Preview, PreviewedSend } from "../api/types.ts";
import { costOf } from "../composer/cost.ts";
import { costText } from "../composer/text-status.tsx";
import { formatPhonesIn } from "../format/phone.ts";
import type { Recipient } from "../navigation/new-conversation.ts";
import { words } from "../words/words.ts";
import { nameOfNumber } from "./recipients.ts";
import { EXISTS, problemText, refusalText } from "./refusals.ts";

type Props = { preview: Preview | null; error: unknown; recipients: Recipient[] };

/** What stands against the conversation, and what is good to know before it begins. */
export function PreviewNotes({ preview, error, recipients }: Props) {
  const notes = error ? [refusalText(error, recipients)] : preview ? notesOf(preview, recipients) : [];
  return (
    <ul class="new-conversation-warnings" aria-live="polite">
      {[...new Set(notes)].map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

function notesOf(preview: Preview, recipients: Recipient[]): string[] {
  const say = words.composer.missing;
  const problems = preview.problems.filter(({ code }) => !EXISTS.has(code));
  const namesOf = (part: (send: PreviewedSend) => string[]) =>
    [...new Set(preview.sends.flatMap(part))].map((number) => nameOfNumber(number, recipients));
  const optedOut = namesOf((send) => send.opted_out);
  const undisturbed = namesOf((send) => send.do_not_disturb);
  return [
    ...(preview.existing_conversation_sid ? [words.newConversation.willOpen] : []),
    ...problems.map((problem) => problemText(problem, recipients)),
    ...(optedOut.length ? [say.optedOut(optedOut)] : []),
    ...(undisturbed.length ? [say.doNotDisturb(undisturbed)] : []),
    ...preview.warnings.map(formatPhonesIn),
  ];
}

/** "3 texts × $0.02 = $0.06". */
export function Cost({ preview, hasFiles, lines }: { preview: Preview | null; hasFiles: boolean; lines: Line[] }) {
  const cost = preview && costOf(preview, hasFiles, lines);
  return <>{cost && costText(cost)}</>;
}
