import "./contact-dialog.css";
import { useQueryClient } from "@tanstack/preact-query";
import { useId, useRef, useState } from "preact/hooks";
import { ApiError } from "../../../clients/javascript/rest.js";
import { keys } from "../api/keys.ts";
import { useUsers } from "../api/queries.ts";
import type { Contact, PhoneNumber, Sid } from "../api/types.ts";
import { nameOfUser, usePermission, useSession } from "../person/current.ts";
import { announce } from "../ui/announcer.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useDiscardQuestion } from "../ui/discard-question.tsx";
import { SelectField, Switch, TextField } from "../ui/field.tsx";
import { words } from "../words/words.ts";
import { type ContactDraft, draftOf, isChanged, type NumberDraft, rebase } from "./contact-draft.ts";
import { Problem } from "./contact-problem.tsx";
import { saveContact } from "./saving.ts";

/** The most numbers of a contact. */
const MOST_NUMBERS = 10;

type Props = {
  /** The contact to change; a new one without it. */
  contact?: Contact;
  /** A number to begin a new one with. */
  number?: PhoneNumber;
  onClose: () => void;
  onSaved: (contact: Sid) => void;
};

/** Create or change a contact. */
export function ContactDialog({ contact, number, onClose, onSaved }: Props) {
  const say = words.contacts;
  const self = useSession().user.identity;
  const mayManage = usePermission("manageContacts");
  const client = useQueryClient();
  const form = useId();
  // The contact as the person has seen it.
  const [base, setBase] = useState(contact);
  const [first] = useState(() => draftOf(contact, { owner: self, number }));
  const [draft, setDraft] = useState<ContactDraft>(first);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const key = useRef({ of: "", key: "" });
  const leaving = useDiscardQuestion(isChanged(draft, first) && !isBusy, onClose);
  const change = (changes: Partial<ContactDraft>) => setDraft({ ...draft, ...changes });
  const isReady = draft.name.trim() !== "";

  async function save() {
    if (!isReady || isBusy) return;
    setBusy(true);
    setError(null);
    // The same press again has the same key, another content another one.
    const content = JSON.stringify(draft);
    if (key.current.of !== content) key.current = { of: content, key: crypto.randomUUID() };
    try {
      const saved = await saveContact(draft, base, { mayManage, key: key.current.key });
      client.setQueryData(keys.contact(saved.sid), saved);
      onSaved(saved.sid);
      await client.invalidateQueries({ queryKey: keys.contactLists() });
    } catch (problem) {
      setError(problem instanceof ApiError ? problem : new ApiError(words.app.failed));
      setBusy(false);
    }
  }

  function takeOver(now: Contact) {
    if (!base) return;
    setDraft(rebase(draft, base, now));
    setBase(now);
    setError(null);
    client.setQueryData(keys.contact(now.sid), now);
    announce(say.reloaded);
  }

  return (
    <Dialog
      shape="wide"
      title={contact ? say.editTitle : say.createTitle}
      onClose={onClose}
      mayClose={() => !isBusy && leaving.mayClose()}
      footer={
        <>
          <Button onClick={leaving.close}>{words.app.cancel}</Button>
          <Button kind="primary" type="submit" form={form} isBusy={isBusy} disabled={!isReady}>
            {words.app.save}
          </Button>
        </>
      }
    >
      <form
        id={form}
        class="contact-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField
          label={say.name}
          value={draft.name}
          maxLength={256}
          autoFocus
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
        {mayManage ? (
          <>
            <NumberFields numbers={draft.numbers} onChange={(numbers) => change({ numbers })} />
            <OwnerField owner={draft.owner} onChange={(owner) => change({ owner })} />
          </>
        ) : (
          <p class="field-hint">{say.numbersLocked}</p>
        )}
        <Switch
          label={say.doNotDisturb}
          hint={say.doNotDisturbHint}
          isOn={draft.isUndisturbed}
          onChange={(isUndisturbed) => change({ isUndisturbed })}
        />
        {draft.isUndisturbed && (
          <TextField
            label={say.reason}
            value={draft.reason}
            onInput={(event) => change({ reason: event.currentTarget.value })}
          />
        )}
        {error && <Problem error={error} base={base} onTakeOver={takeOver} onLeave={onClose} />}
      </form>
      {leaving.question}
    </Dialog>
  );
}

function NumberFields({ numbers, onChange }: { numbers: NumberDraft[]; onChange: (numbers: NumberDraft[]) => void }) {
  const say = words.contacts;
  const change = (at: number, changes: Partial<NumberDraft>) =>
    onChange(numbers.map((one, place) => (place === at ? { ...one, ...changes } : one)));

  const group = useRef<HTMLFieldSetElement>(null);

  function remove(at: number) {
    // The button that has the focus is gone: it goes on at the one that adds a number.
    group.current?.querySelector<HTMLElement>("[data-add]")?.focus();
    const others = numbers.filter((_, place) => place !== at);
    const hasPrimary = others.some(({ primary }) => primary);
    onChange(others.map((one, place) => (hasPrimary ? one : { ...one, primary: place === 0 })));
  }

  return (
    <fieldset ref={group} class="contact-form-numbers">
      <legend class="field-label">{say.numbers}</legend>
      {numbers.map(({ id, number, label, primary }, at) => (
        <div key={id} class="contact-form-number">
          <TextField
            label={say.numberOf(at + 1)}
            isLabelHidden
            type="tel"
            placeholder={say.number}
            value={number}
            onInput={(event) => change(at, { number: event.currentTarget.value })}
          />
          <TextField
            label={say.label}
            isLabelHidden
            placeholder={say.labelHint}
            value={label}
            onInput={(event) => change(at, { label: event.currentTarget.value })}
          />
          <IconButton
            icon="star"
            class={primary ? "contact-primary" : ""}
            label={primary ? say.primary : say.makePrimary}
            aria-pressed={primary}
            onClick={() => onChange(numbers.map((one, place) => ({ ...one, primary: place === at })))}
          />
          <IconButton icon="close" label={say.removeNumber(at + 1)} onClick={() => remove(at)} />
        </div>
      ))}
      <Button
        kind="quiet"
        icon="plus"
        data-add
        disabled={numbers.length >= MOST_NUMBERS}
        onClick={() =>
          onChange([...numbers, { id: crypto.randomUUID(), number: "", label: "", primary: numbers.length === 0 }])
        }
      >
        {say.addNumber}
      </Button>
    </fieldset>
  );
}

function OwnerField({ owner, onChange }: { owner: string; onChange: (owner: string) => void }) {
  const users = useUsers().data ?? [];
  const known = users.some(({ identity }) => identity === owner);
  return (
    <SelectField
      label={words.contacts.owner}
      value={owner}
      choices={[
        { value: "", label: words.contacts.noOwner },
        ...users.map((user) => ({ value: user.identity, label: nameOfUser(user) })),
        ...(owner && !known ? [{ value: owner, label: owner }] : []),
      ]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
