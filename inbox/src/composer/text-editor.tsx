import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ConversationState, Sid } from "../api/types.ts";
import { formatWhen } from "../format/time.ts";
import { sayTyping } from "../live/live.ts";
import { enqueue } from "../outbox/my-outbox.ts";
import { useSession } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { announce } from "../ui/announcer.tsx";
import { IconButton } from "../ui/button.tsx";
import { lazy } from "../ui/lazy.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { useAnsweredMeanwhile } from "./answered-meanwhile.ts";
import { ComposerFrame, type Mode } from "./composer-frame.tsx";
import { ConfirmSend } from "./confirm-send.tsx";
import { costOf } from "./cost.ts";
import { FileButton } from "./file-button.tsx";
import { useFileDrop } from "./file-drop.ts";
import { LaterMenu } from "./later-menu.tsx";
import { charactersLeft } from "./length.ts";
import { LineChoice } from "./line-choice.tsx";
import { MissingBar } from "./missing-bar.tsx";
import { ReadOnlyBar } from "./read-only-bar.tsx";
import { ScheduledBar } from "./scheduled-bar.tsx";
import type { Situation } from "./situation.ts";
import { useSnippetField } from "./snippet-field.tsx";
import { StagedFiles } from "./staged-files.tsx";
import { filesOf, limitsOf, problemOf, stage } from "./staging.ts";
import { type Surroundings, useSurroundings } from "./surroundings.ts";
import { TextBox } from "./text-box.tsx";
import { TextStatus } from "./text-status.tsx";
import { useText } from "./use-text.ts";

const TimeDialog = lazy(() => import("./time-dialog.tsx"));
const ScheduledDialog = lazy(() => import("./scheduled-dialog.tsx"));

type Props = { conversation: Sid; state: ConversationState; onMode: (mode: Mode) => void };

/** A text for the phones of a conversation, or in its place why there can be none. */
export function TextEditor({ conversation, state, onMode }: Props) {
  const text = useText(conversation);
  const around = useSurroundings(conversation, state, {
    line: text.line,
    body: text.body,
    hasFiles: text.files.length > 0,
  });
  const { situation, nameOf } = around;
  if (!situation) return <div class="composer composer-loading" aria-busy="true" />;
  if (situation.kind !== "open") {
    return (
      <ReadOnlyBar conversation={conversation} situation={situation} nameOf={nameOf} onNote={() => onMode("note")} />
    );
  }
  const all = { conversation, text, around, situation, isInitializing: state === "initializing" };
  return <OpenEditor {...all} onMode={onMode} />;
}

type Open = Extract<Situation, { kind: "open" }>;
type OpenProps = {
  conversation: Sid;
  text: ReturnType<typeof useText>;
  around: Surroundings;
  situation: Open;
  isInitializing: boolean;
  onMode: (mode: Mode) => void;
};

/** What is to be confirmed, and when the text is to be sent: null is now. */
type Asked = { reasons: string[]; at: Date | null };

/** Numbers of those without whom the person has agreed to send, by conversation: they are asked once. */
const agreed = new Map<Sid, string>();

function OpenEditor({ conversation, text, around, situation, isInitializing, onMode }: OpenProps) {
  const { body, files } = text;
  const { preview, author, members, lines, nameOf } = around;
  const { missing } = situation;
  const input = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const self = useSession().user.identity;
  const nameOfUser = useUserNames();
  const hasContent = body.trim() !== "" || files.length > 0;
  const answered = useAnsweredMeanwhile(conversation, self, hasContent);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [opened, setOpened] = useState<"time" | "scheduled" | null>(null);
  const snippets = useSnippetField(input);

  const senders = author ? lines.filter(({ address }) => address === author) : lines;
  const isGroup = members.length > 1;
  const left = charactersLeft(body);
  const fileProblem = problemOf(files, limitsOf(senders, isGroup));
  const problems = [...(fileProblem ? [fileProblem] : []), ...problemsOf(around)];
  const isReady = hasContent && (left === null || left >= 0) && problems.length === 0;

  useEffect(() => {
    // A phone would open its keyboard over the thread, and a menu that is open already would lose the focus.
    const isElsewhere = document.activeElement?.closest("[role=menu], dialog");
    if (!isElsewhere && matchMedia("(pointer: fine)").matches) input.current?.focus();
  }, []);

  const take = useCallback(
    (chosen: File[]) => {
      const staged = stage(chosen);
      for (const refusal of staged.refusals) showToast(refusal);
      if (staged.files.length > 0) text.addFiles(staged.files);
      input.current?.focus();
    },
    [text.addFiles],
  );
  const isOver = useFileDrop(form, take);

  function write(value: string) {
    text.write(value);
    if (value.trim()) sayTyping(conversation);
  }

  function send(at: Date | null = null) {
    if (!isReady) {
      const [problem] = problems;
      if (problem) announce(problem);
      return;
    }
    const reasons = reasonsToAsk();
    if (reasons.length > 0) setAsked({ reasons, at });
    else sendNow(at);
  }

  function reasonsToAsk(): string[] {
    const say = words.composer.confirm;
    const without = missing.map(({ number }) => number).join();
    return [
      ...(without && agreed.get(conversation) !== without
        ? [say.without(missing.map(({ number }) => nameOf(number)))]
        : []),
      ...(answered.length > 0 ? [say.answered(answered.map(nameOfUser))] : []),
    ];
  }

  function sendNow(at: Date | null) {
    setAsked(null);
    agreed.set(conversation, missing.map(({ number }) => number).join());
    const sendAt = at?.toISOString() ?? null;
    enqueue({ conversation, author, body: body.trim(), files, sendAt });
    text.clear();
    input.current?.focus();
    if (sendAt) announce(words.composer.later.scheduled(formatWhen(sendAt, new Date())));
  }

  return (
    <div class="composer-place">
      <MissingBar
        conversation={conversation}
        missing={missing}
        left={members.length - missing.length}
        nameOf={nameOf}
      />
      <ScheduledBar conversation={conversation} isWanted={hasContent} onOpen={() => setOpened("scheduled")} />
      <ComposerFrame
        mode="text"
        onMode={onMode}
        onSubmit={() => send()}
        formRef={form}
        isDropTarget={isOver}
        head={<LineChoice lines={situation.lines} chosen={author} onChoose={text.chooseLine} />}
        foot={
          <>
            <span class="composer-tools">
              <FileButton onChoose={take} />
              <IconButton icon="snippet" label={words.composer.snippets.open} onClick={snippets.open} />
              <LaterMenu
                isReady={isReady}
                onSchedule={send}
                onChoose={() => setOpened("time")}
                onList={() => setOpened("scheduled")}
              />
            </span>
            <TextStatus
              left={left}
              problems={problems}
              warnings={hasContent ? (preview?.warnings ?? []) : []}
              isInitializing={isInitializing}
              cost={hasContent && preview ? costOf(preview, files.length > 0, lines) : null}
            />
            <IconButton
              type="submit"
              class="composer-send"
              icon="send"
              label={words.composer.send}
              disabled={!isReady}
            />
          </>
        }
      >
        {snippets.list}
        <StagedFiles files={files} onRemove={text.removeFile} />
        <TextBox
          inputRef={input}
          label={words.composer.textField}
          value={body}
          onInput={write}
          onSend={() => send()}
          snippets={snippets.field}
          onPaste={(event) => {
            const pasted = filesOf(event.clipboardData);
            if (pasted.length === 0) return;
            event.preventDefault();
            take(pasted);
          }}
        />
      </ComposerFrame>
      {asked && <ConfirmSend reasons={asked.reasons} onSend={() => sendNow(asked.at)} onClose={() => setAsked(null)} />}
      {opened === "time" && (
        <TimeDialog
          title={words.composer.later.title}
          action={words.composer.later.schedule}
          onSave={(at) => {
            setOpened(null);
            send(at);
          }}
          onClose={() => setOpened(null)}
        />
      )}
      {opened === "scheduled" && <ScheduledDialog conversation={conversation} onClose={() => setOpened(null)} />}
    </div>
  );
}

/**
 * Refusals of a preview that stand elsewhere: a text that is too long, recipients that get nothing, a carrier's limit, a
 * conversation that is not ready.
 */
const SHOWN_ELSEWHERE = new Set([20409, 21610, 21653, 50386, 50504]);

function problemsOf({ preview }: Surroundings): string[] {
  return preview?.problems.filter(({ code }) => !SHOWN_ELSEWHERE.has(code)).map(({ message }) => message) ?? [];
}
