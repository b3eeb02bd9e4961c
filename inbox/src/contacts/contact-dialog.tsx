import "./contact-dialog.css";
import { useQueryClient } from "@tanstack/preact-query";
import { useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { ApiError } from "../../../clients/javascript/rest.js";
import { keys } from "../api/keys.ts";
import { useUsers } from "../api/queries.ts";
import type { Contact, PhoneNumber, Sid } from "../api/types.ts";
import { nameOfUser, usePermission, useSession } from "../app/current.ts";
import { to } from "../app/routes.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { SelectField, Switch, TextField } from "../ui/field.tsx";
import { words } from "../words/words.ts";
import { type ContactDraft, draftOf, type NumberDraft } from "./contact-draft.ts";
import { saveContact } from "./saving.ts";

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
  const [draft, setDraft] = useState<ContactDraft>(() => draftOf(contact, { owner: self, number }));
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const key = useRef(crypto.randomUUID());
  const change = (changes: Partial<ContactDraft>) => setDraft({ ...draft, ...changes });

  async function save() {
    setBusy(true);
    setError(null);
    try {
      const saved = await saveContact(draft, contact, { mayManage, key: key.current });
      client.setQueryData(keys.contact(saved.sid), saved);
      await client.invalidateQueries({ queryKey: keys.contactLists() });
      onSaved(saved.sid);
    } catch (problem) {
      // What was refused is asked for anew.
      key.current = crypto.randomUUID();
      setError(problem instanceof ApiError ? problem : new ApiError(words.app.failed));
      setBusy(false);
    }
  }

  return (
    <Dialog
      shape="wide"
      title={contact ? say.editTitle : say.createTitle}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="primary" isBusy={isBusy} disabled={!draft.name.trim()} onClick={() => void save()}>
            {words.app.save}
          </Button>
        </>
      }
    >
      <form
        class="contact-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField
          label={say.name}
          value={draft.name}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
        {mayManage && <NumberFields numbers={draft.numbers} onChange={(numbers) => change({ numbers })} />}
        {mayManage && <OwnerField owner={draft.owner} onChange={(owner) => change({ owner })} />}
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
        {error && <Problem error={error} isChange={contact !== undefined} />}
      </form>
    </Dialog>
  );
}

function NumberFields({ numbers, onChange }: { numbers: NumberDraft[]; onChange: (numbers: NumberDraft[]) => void }) {
  const say = words.contacts;
  const change = (at: number, changes: Partial<NumberDraft>) =>
    onChange(numbers.map((one, place) => (place === at ? { ...one, ...changes } : one)));

  function remove(at: number) {
    const others = numbers.filter((_, place) => place !== at);
    const hasPrimary = others.some(({ primary }) => primary);
    onChange(others.map((one, place) => (hasPrimary ? one : { ...one, primary: place === 0 })));
  }

  return (
    <fieldset class="contact-form-numbers">
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

function Problem({ error, isChange }: { error: ApiError; isChange: boolean }) {
  const other = error.details?.contact_sid;
  if (typeof other === "string") {
    return (
      <p class="field-error" role="alert">
        {words.contacts.collision} <Link href={to.contact(other)}>{words.contacts.showCollision}</Link>
      </p>
    );
  }
  return (
    <p class="field-error" role="alert">
      {isChange && error.code === 20409 ? words.contacts.changedMeanwhile : error.message}
    </p>
  );
}
