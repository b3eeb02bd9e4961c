import { useQueryClient } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { ApiError } from "../../../clients/javascript/rest.js";
import { changeOptOut, enterOptOut, useManagedLines, useOptOutHistory } from "../api/administration.ts";
import { keys } from "../api/keys.ts";
import type { KnownOptOut, OptOutEvent, PhoneNumber } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { useUserNames } from "../person/user-names.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { SelectField, TextField } from "../ui/field.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { messageOf, useAction } from "../ui/use-action.ts";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { useLineNames } from "./line-names.ts";

const say = settingsWords.optOuts;
const LONGEST_REASON = 256;

export type OptOutQuestion = { kind: "enter" } | { kind: "opt-in" | "opt-out" | "history"; optOut: KnownOptOut };

/** What is done with opt-outs: enter one, change one, look at its history. */
export function OptOutDialog({ question, onClose }: { question: OptOutQuestion; onClose: () => void }) {
  if (question.kind === "enter") return <EnterDialog onClose={onClose} />;
  if (question.kind === "history") return <HistoryDialog optOut={question.optOut} onClose={onClose} />;
  return <ChangeDialog optOut={question.optOut} isIn={question.kind === "opt-in"} onClose={onClose} />;
}

function EnterDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const nameOf = useLineNames();
  const lines = useManagedLines().data ?? [];
  const [chosen, setChosen] = useState<PhoneNumber | null>(null);
  const [number, setNumber] = useState("");
  const [reason, setReason] = useState("");
  const { isBusy, error, run } = useAction();
  const line = chosen ?? lines[0]?.address ?? "";
  const isNumberWrong = error instanceof ApiError && error.details?.parameter === "Address";
  const isReady = number.trim() !== "" && line !== "";

  const save = () =>
    run(async () => {
      const entered = await enterOptOut(line, number.trim(), reason.trim());
      await client.invalidateQueries({ queryKey: keys.optOutLists() });
      showToast(say.entered(formatPhone(entered.address)));
      onClose();
    });

  return (
    <FormDialog
      title={say.enter}
      text={say.enterText}
      action={say.enter}
      isBusy={isBusy}
      isReady={isReady}
      problem={isNumberWrong ? null : messageOf(error)}
      onSave={save}
      onClose={onClose}
    >
      <TextField
        label={say.number}
        type="tel"
        autoFocus
        error={isNumberWrong ? say.numberWrong : null}
        value={number}
        onInput={(event) => setNumber(event.currentTarget.value)}
      />
      <SelectField
        label={say.line}
        choices={lines.map(({ address }) => ({ value: address, label: nameOf(address) }))}
        value={line}
        onChange={(event) => setChosen(event.currentTarget.value)}
      />
      <ReasonField reason={reason} onChange={setReason} />
    </FormDialog>
  );
}

function ChangeDialog({ optOut, isIn, onClose }: { optOut: KnownOptOut; isIn: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const { isBusy, error, run } = useAction();
  const number = formatPhone(optOut.address);

  const save = () =>
    run(async () => {
      await changeOptOut(optOut.sid, isIn ? "opted_in" : "opted_out", reason.trim());
      await client.invalidateQueries({ queryKey: keys.optOutLists() });
      showToast(isIn ? say.optedIn(number) : say.entered(number));
      onClose();
    });

  return (
    <FormDialog
      title={isIn ? say.optInTitle(number) : say.optOutTitle(number)}
      text={isIn ? say.optInText : say.optOutText}
      action={isIn ? say.optIn : say.optOut}
      isBusy={isBusy}
      isReady={!isIn || reason.trim() !== ""}
      problem={messageOf(error)}
      onSave={save}
      onClose={onClose}
    >
      <ReasonField reason={reason} isFirst onChange={setReason} />
    </FormDialog>
  );
}

type ReasonProps = { reason: string; isFirst?: boolean; onChange: (reason: string) => void };

function ReasonField({ reason, isFirst = false, onChange }: ReasonProps) {
  return (
    <TextField
      label={say.reason}
      hint={say.reasonHint}
      maxLength={LONGEST_REASON}
      autoFocus={isFirst}
      value={reason}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function HistoryDialog({ optOut, onClose }: { optOut: KnownOptOut; onClose: () => void }) {
  const { data: events, isError, refetch } = useOptOutHistory(optOut.sid);
  return (
    <Dialog title={say.historyTitle(formatPhone(optOut.address))} onClose={onClose}>
      {events ? (
        <ol class="history">
          {events.map((event) => (
            <HistoryRow key={`${event.date_created} ${event.source}`} event={event} />
          ))}
        </ol>
      ) : isError ? (
        <ErrorState title={settingsWords.failed} onRetry={() => void refetch()} />
      ) : (
        <SkeletonRows count={2} />
      )}
    </Dialog>
  );
}

function HistoryRow({ event }: { event: OptOutEvent }) {
  const nameOf = useUserNames();
  return (
    <li>
      <span class="history-head">
        <span>{say.historyRow(say.states[event.state], say.how[event.how])}</span>
        <time class="rows-note" dateTime={event.date_created} title={formatExactTime(event.date_created)}>
          {formatListTime(event.date_created, new Date())}
        </time>
      </span>
      {event.reason && <span>{event.reason}</span>}
      <span class="rows-note">{event.how === "api" ? say.by(nameOf(event.source)) : event.source}</span>
    </li>
  );
}

type FormProps = {
  title: string;
  text: string;
  action: string;
  isBusy: boolean;
  isReady: boolean;
  problem: string | null;
  onSave: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
};

function FormDialog({ title, text, action, isBusy, isReady, problem, onSave, onClose, children }: FormProps) {
  const id = useId();
  return (
    <Dialog
      title={title}
      description={text}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="primary" type="submit" form={id} isBusy={isBusy} disabled={!isReady}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id={id}
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isBusy) void onSave();
        }}
      >
        {children}
        <p class="field-error" role="alert" hidden={problem === null}>
          {problem}
        </p>
      </form>
    </Dialog>
  );
}
