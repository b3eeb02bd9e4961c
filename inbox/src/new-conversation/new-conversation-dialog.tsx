import "./new-conversation-dialog.css";
import { useQueryClient } from "@tanstack/preact-query";
import { useRef, useState } from "preact/hooks";
import { useLines } from "../api/queries.ts";
import { restoreText } from "../composer/restore.ts";
import { limitsOf, problemOf } from "../composer/staging.ts";
import type { Kind, Recipient } from "../navigation/new-conversation.ts";
import type { OutgoingFile } from "../outbox/entry.ts";
import { enqueue } from "../outbox/my-outbox.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useDiscardQuestion } from "../ui/discard-question.tsx";
import { TextField } from "../ui/field.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { createConversation } from "./creation.ts";
import { FirstText } from "./first-text.tsx";
import { LineField } from "./line-field.tsx";
import { Cost, PreviewNotes } from "./preview-notes.tsx";
import { limitOf, type NewConversation, usableLines } from "./recipients.ts";
import { RecipientsField } from "./recipients-field.tsx";
import { refusalText } from "./refusals.ts";
import { useFirstPreview } from "./use-first-preview.ts";

type Props = {
  kind: Kind;
  /** Whom to begin with, and from which line: for "New group from this one". */
  recipients?: Recipient[];
  line?: string;
  onOpen: (conversation: string) => void;
  onClose: () => void;
};

/** New message, or new group message: the line, the people, a name, and the first text. */
export default function NewConversationDialog({ kind, recipients: given, line, onOpen, onClose }: Props) {
  const say = words.newConversation;
  const allLines = useLines();
  const known = allLines.data && usableLines(allLines.data, kind);
  const lines = known ?? [];
  const [chosenLine, setLine] = useState(line ?? "");
  const from = lines.find(({ address }) => address === chosenLine) ?? lines[0];
  const [first] = useState(given ?? []);
  const [recipients, setRecipients] = useState(first);
  const [name, setName] = useState("");
  const [body, setBody] = useState("");
  const [files, setFiles] = useState<OutgoingFile[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const key = useRef({ of: "", key: "" });
  const client = useQueryClient();

  const limit = limitOf(from);
  const isTooMany = kind === "group" && recipients.length > limit;
  const wanted: NewConversation = { kind, line: from?.address ?? "", recipients, name: name.trim() };
  const { preview, error } = useFirstPreview(from && recipients.length && !isTooMany ? wanted : null, body);
  const fileProblem = problemOf(files, limitsOf(from ? [from] : [], kind === "group"));
  const hasEnough = Boolean(from) && recipients.length > (kind === "group" ? 1 : 0) && !isTooMany;
  const hasContent = body !== "" || files.length > 0 || name !== "" || recipients !== first;
  const leaving = useDiscardQuestion(hasContent, onClose);
  const isReady = hasEnough && (body.trim() !== "" || files.length > 0) && fileProblem === null;

  async function create() {
    if (!isReady || isBusy) return;
    setBusy(true);
    setRefusal(null);
    // The same press again has the same key, another content another one.
    const content = JSON.stringify(wanted);
    if (key.current.of !== content) key.current = { of: content, key: crypto.randomUUID() };
    try {
      const { conversation, isNew } = await createConversation(client, wanted, key.current.key);
      if (isNew) enqueue({ conversation, author: wanted.line, body: body.trim(), files });
      else {
        restoreText(conversation, { body: body.trim(), author: null, files });
        showToast(say.exists[kind]);
      }
      onClose();
      onOpen(conversation);
    } catch (problem) {
      setRefusal(refusalText(problem, recipients));
      setBusy(false);
    }
  }

  return (
    <Dialog
      shape="wide"
      title={say.title[kind]}
      description={say.description[kind]}
      onClose={onClose}
      mayClose={() => !isBusy && leaving.mayClose()}
      footer={
        <>
          <p class="new-conversation-cost" aria-live="polite">
            {kind === "group" && recipients.length === 1 ? (
              say.needsMore
            ) : (
              <Cost preview={preview} hasFiles={files.length > 0} lines={lines} />
            )}
          </p>
          <Button disabled={isBusy} onClick={leaving.close}>
            {words.app.cancel}
          </Button>
          <Button kind="primary" icon="send" isBusy={isBusy} disabled={!isReady} onClick={() => void create()}>
            {words.composer.send}
          </Button>
        </>
      }
    >
      <form
        class="new-conversation"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <LineField kind={kind} lines={known} isFailed={allLines.isError && !known} chosen={from} onChoose={setLine} />
        <RecipientsField
          kind={kind}
          recipients={recipients}
          limit={limit}
          error={isTooMany ? say.tooMany(limit, recipients.length - limit) : null}
          isFirst={first.length === 0}
          onChange={setRecipients}
        />
        {kind === "group" && (
          <TextField
            label={say.name}
            hint={say.nameHint}
            value={name}
            maxLength={256}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
        <FirstText
          body={body}
          files={files}
          problem={fileProblem}
          error={refusal}
          isFirst={first.length > 0}
          onWrite={setBody}
          onFiles={setFiles}
          onSend={() => void create()}
        />
        <PreviewNotes preview={preview} error={error} recipients={recipients} />
      </form>
      {leaving.question}
    </Dialog>
  );
}
