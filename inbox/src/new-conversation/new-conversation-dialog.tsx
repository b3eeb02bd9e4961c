import "./new-conversation-dialog.css";
import { keepPreviousData, useQuery } from "@tanstack/preact-query";
import { useRef, useState } from "preact/hooks";
import { useContacts, useLines } from "../api/queries.ts";
import type { Line, Preview } from "../api/types.ts";
import { costOf } from "../composer/cost.ts";
import { restoreText } from "../composer/restore.ts";
import { limitsOf, problemOf } from "../composer/staging.ts";
import { costText } from "../composer/text-status.tsx";
import { formatPhone } from "../format/phone.ts";
import type { OutgoingFile } from "../outbox/entry.ts";
import { enqueue } from "../outbox/my-outbox.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { SelectField, TextField } from "../ui/field.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useDebounced } from "../ui/use-debounced.ts";
import { words } from "../words/words.ts";
import { createConversation, previewFirst } from "./creation.ts";
import { FirstText } from "./first-text.tsx";
import { PeopleField } from "./people-field.tsx";
import { parseNumber } from "./phone-numbers.ts";
import { buildChoices, type Kind, limitOf, type NewConversation, type Recipient, usableLines } from "./recipients.ts";

const SEARCH_PAUSE = 150;
const PREVIEW_PAUSE = 300;

type Props = {
  kind: Kind;
  /** Whom to begin with, and from which line: for "New group from this one". */
  recipients?: Recipient[];
  line?: string;
  onOpen: (conversation: string) => void;
  onClose: () => void;
};

/** New message, or new group message: the line, the people, a name, and the first text. */
export default function NewConversationDialog({ kind, recipients: first = [], line, onOpen, onClose }: Props) {
  const say = words.newConversation;
  const lines = usableLines(useLines().data ?? [], kind);
  const [chosenLine, setLine] = useState(line ?? "");
  const from = lines.find(({ address }) => address === chosenLine) ?? lines[0];
  const [recipients, setRecipients] = useState(first);
  const [name, setName] = useState("");
  const [body, setBody] = useState("");
  const [files, setFiles] = useState<OutgoingFile[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const key = useRef({ of: "", key: "" });

  const limit = limitOf(from);
  const isTooMany = kind === "group" && recipients.length > limit;
  const wanted: NewConversation = { kind, line: from?.address ?? "", recipients, name: name.trim() };
  const preview = usePreview(from && recipients.length && !isTooMany ? wanted : null, body);
  const fileProblem = problemOf(files, limitsOf(from ? [from] : [], kind === "group"));
  const hasEnough = Boolean(from) && recipients.length > (kind === "group" ? 1 : 0) && !isTooMany;
  const isReady = hasEnough && (body.trim() !== "" || files.length > 0) && fileProblem === null;

  async function create() {
    if (!isReady || isBusy) return;
    setBusy(true);
    setRefusal(null);
    // The same press again has the same key, another content another one.
    const content = JSON.stringify(wanted);
    if (key.current.of !== content) key.current = { of: content, key: crypto.randomUUID() };
    try {
      const { conversation, isNew } = await createConversation(wanted, key.current.key);
      if (isNew) enqueue({ conversation, author: wanted.line, body: body.trim(), files });
      else {
        restoreText(conversation, { body: body.trim(), author: null, files });
        showToast(say.exists[kind]);
      }
      onClose();
      onOpen(conversation);
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : words.app.failed);
      setBusy(false);
    }
  }

  return (
    <Dialog
      shape="wide"
      title={say.title[kind]}
      description={say.description[kind]}
      onClose={onClose}
      mayClose={() => !isBusy}
      footer={
        <>
          <Cost preview={preview} hasFiles={files.length > 0} lines={lines} />
          <Button onClick={onClose}>{words.app.cancel}</Button>
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
        <LineField lines={lines} chosen={from} onChoose={setLine} />
        <Recipients
          kind={kind}
          recipients={recipients}
          limit={limit}
          error={isTooMany ? say.tooMany(limit, recipients.length - limit) : null}
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
          onWrite={setBody}
          onFiles={setFiles}
          onSend={() => void create()}
        />
        <Warnings preview={preview} />
      </form>
    </Dialog>
  );
}

type LineProps = { lines: Line[]; chosen: Line | undefined; onChoose: (address: string) => void };

function LineField({ lines, chosen, onChoose }: LineProps) {
  const say = words.newConversation;
  if (!chosen) return <p class="field-error">{say.noLine}</p>;
  const nameOf = ({ label, address }: Line) => (label ? `${label}, ${formatPhone(address)}` : formatPhone(address));
  if (lines.length === 1) {
    return (
      <p class="new-conversation-line">
        <span class="field-label">{say.from}</span> {nameOf(chosen)}
      </p>
    );
  }
  return (
    <SelectField
      label={say.from}
      value={chosen.address}
      choices={lines.map((line) => ({ value: line.address, label: nameOf(line) }))}
      onChange={(event) => onChoose(event.currentTarget.value)}
    />
  );
}

type RecipientsProps = {
  kind: Kind;
  recipients: Recipient[];
  limit: number;
  error: string | null;
  onChange: (recipients: Recipient[]) => void;
};

function Recipients({ kind, recipients, limit, error, onChange }: RecipientsProps) {
  const say = words.newConversation;
  const [search, setSearch] = useState("");
  const q = useDebounced(search.trim(), SEARCH_PAUSE);
  const { contacts, query } = useContacts(q);
  const typed = parseNumber(search);
  const situation = { kind, chosen: recipients, limit };
  const choices = buildChoices(q ? (contacts ?? []) : [], typed, situation).slice(0, 20);
  const isFull = kind === "single" && recipients.length > 0;
  return (
    <PeopleField
      label={say.people[kind]}
      count={kind === "group" ? say.count(recipients.length, limit) : null}
      chosen={recipients}
      choices={isFull ? choices.map((choice) => ({ ...choice, problem: say.problem.single })) : choices}
      isSearching={query.isFetching || q !== search.trim()}
      emptyText={say.nobody}
      error={error}
      onSearch={setSearch}
      onAdd={({ number, name, contact, label }) => onChange([...recipients, { number, name, contact, label }])}
      onRemove={(number) => onChange(recipients.filter((one) => one.number !== number))}
    />
  );
}

function usePreview(wanted: NewConversation | null, body: string): Preview | null {
  const settled = useDebounced(wanted ? JSON.stringify([wanted, body]) : null, PREVIEW_PAUSE);
  const query = useQuery({
    queryKey: ["first-preview", settled],
    queryFn: ({ signal }) => {
      const [given, text]: [NewConversation, string] = JSON.parse(settled ?? "");
      return previewFirst(given, text, signal);
    },
    enabled: settled !== null,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
  return settled === null ? null : (query.data ?? null);
}

function Cost({ preview, hasFiles, lines }: { preview: Preview | null; hasFiles: boolean; lines: Line[] }) {
  const cost = preview && costOf(preview, hasFiles, lines);
  return (
    <p class="new-conversation-cost" aria-live="polite">
      {cost && costText(cost)}
    </p>
  );
}

function Warnings({ preview }: { preview: Preview | null }) {
  const lines = [
    ...(preview?.existing_conversation_sid ? [words.newConversation.willOpen] : []),
    ...(preview?.problems.filter(({ code }) => code !== 50438 && code !== 50416).map(({ message }) => message) ?? []),
    ...(preview?.warnings ?? []),
  ];
  return (
    <ul class="new-conversation-warnings" aria-live="polite">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
