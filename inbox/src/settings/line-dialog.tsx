import { useQueryClient } from "@tanstack/preact-query";
import { useId, useState } from "preact/hooks";
import { changeLine, usePeople } from "../api/administration.ts";
import { keys } from "../api/keys.ts";
import { KEYWORDS, type Line } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { nameOfUser, useSession } from "../person/current.ts";
import { Button } from "../ui/button.tsx";
import { CheckList } from "../ui/check-list.tsx";
import { ChoiceField } from "../ui/choice-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useDiscardQuestion } from "../ui/discard-question.tsx";
import { SelectField, TextArea, TextField } from "../ui/field.tsx";
import { showToast } from "../ui/toasts.tsx";
import { messageOf, useAction } from "../ui/use-action.ts";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { changesOf, draftOf, isPrice, type LineDraft } from "./line-draft.ts";
import { byName } from "./people.ts";

const say = settingsWords.lines;
const LONGEST_REPLY = 640;
type PartProps = { draft: LineDraft; change: (changes: Partial<LineDraft>) => void };

/** Change a line. */
export function LineDialog({ line, onClose }: { line: Line; onClose: () => void }) {
  const { service_sid: service } = useSession();
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(line, service));
  const { isBusy, error, run } = useAction();
  const change = (changes: Partial<LineDraft>) => setDraft({ ...draft, ...changes });
  const form = changesOf(draft, line, service);
  const isReady = Object.keys(form).length > 0 && isPrice(draft.smsPrice) && isPrice(draft.mmsPrice);
  const problem = messageOf(error);
  const id = useId();
  const leaving = useDiscardQuestion(Object.keys(form).length > 0 && !isBusy, onClose);

  const save = () =>
    run(async () => {
      await changeLine(line.address, form);
      await client.invalidateQueries({ queryKey: keys.lines() });
      showToast(say.saved);
      onClose();
    });

  return (
    <Dialog
      shape="wide"
      title={say.title(formatPhone(line.address))}
      onClose={onClose}
      mayClose={leaving.mayClose}
      footer={
        <>
          <Button onClick={leaving.close}>{words.app.cancel}</Button>
          <Button kind="primary" type="submit" form={id} isBusy={isBusy} disabled={!isReady}>
            {words.app.save}
          </Button>
        </>
      }
    >
      <form
        id={id}
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void save();
        }}
      >
        <TextField
          label={say.label}
          hint={say.labelHint}
          maxLength={256}
          autoFocus
          value={draft.label}
          onInput={(event) => change({ label: event.currentTarget.value })}
        />
        <Users draft={draft} change={change} />
        <SelectField
          label={say.autoCreation}
          choices={(["all", "groups", "off"] as const).map((value) => ({ value, label: say.autoCreations[value] }))}
          value={draft.autoCreation}
          onChange={(event) => change({ autoCreation: event.currentTarget.value as LineDraft["autoCreation"] })}
        />
        <Prices draft={draft} change={change} />
        <Replies draft={draft} change={change} />
        <p class="field-error" role="alert" hidden={problem === null}>
          {problem}
        </p>
      </form>
      {leaving.question}
    </Dialog>
  );
}

function Users({ draft, change }: PartProps) {
  const people = byName(usePeople().data ?? []);
  const known = people.map((user) => ({ value: user.identity, label: nameOfUser(user) }));
  const others = draft.users.filter((one) => !people.some(({ identity }) => identity === one));
  return (
    <div class="field">
      <ChoiceField
        label={say.users}
        choices={[
          { value: "everyone", label: say.everyone },
          { value: "chosen", label: say.chosen },
        ]}
        value={draft.isForEveryone ? "everyone" : "chosen"}
        onChange={(whose) => change({ isForEveryone: whose === "everyone" })}
      />
      {!draft.isForEveryone && (
        <CheckList
          label={say.users}
          choices={[...known, ...others.map((one) => ({ value: one, label: one }))]}
          chosen={draft.users}
          onChange={(users) => change({ users })}
        />
      )}
    </div>
  );
}

function Prices({ draft, change }: PartProps) {
  const problemOf = (price: string) => (isPrice(price) ? null : say.priceWrong);
  return (
    <fieldset class="line-prices">
      <legend>{say.prices}</legend>
      <TextField
        label={say.smsPrice}
        inputMode="decimal"
        error={problemOf(draft.smsPrice)}
        value={draft.smsPrice}
        onInput={(event) => change({ smsPrice: event.currentTarget.value })}
      />
      <TextField
        label={say.mmsPrice}
        inputMode="decimal"
        error={problemOf(draft.mmsPrice)}
        value={draft.mmsPrice}
        onInput={(event) => change({ mmsPrice: event.currentTarget.value })}
      />
      <p class="field-hint">{say.priceHint}</p>
    </fieldset>
  );
}

function Replies({ draft, change }: PartProps) {
  return (
    <fieldset class="form">
      <legend>{say.replies}</legend>
      <p class="field-hint">{say.repliesHint}</p>
      <TextField
        label={say.company}
        hint={say.companyHint}
        maxLength={256}
        value={draft.company}
        onInput={(event) => change({ company: event.currentTarget.value })}
      />
      {KEYWORDS.map((keyword) => (
        <TextArea
          key={keyword}
          label={say.reply[keyword]}
          rows={2}
          maxLength={LONGEST_REPLY}
          value={draft.replies[keyword]}
          onInput={(event) => change({ replies: { ...draft.replies, [keyword]: event.currentTarget.value } })}
        />
      ))}
    </fieldset>
  );
}
